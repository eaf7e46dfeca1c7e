#ifndef SUBSTDIO_H
#define SUBSTDIO_H

#include <sys/types.h>

/* reads or writes up to len bytes; returns how many, 0 at the end, or -1 */
typedef ssize_t substdio_op(int fd,char *buf,size_t len);

/* one buffer, for reading or for writing */
typedef struct substdio {
  substdio_op *op;
  int fd;
  char *x;
  size_t size;
  size_t pos; /* reading: where the next byte is */
  size_t len; /* bytes in the buffer */
} substdio;

#define SUBSTDIO_FDBUF(op,fd,buf,size) { (op), (fd), (buf), (size), 0, 0 }

extern void substdio_fdbuf(substdio *ss,substdio_op *op,int fd,char *buf,size_t size);

/* return 0, or -1 with errno set; an interrupted op is tried again */
extern int substdio_put(substdio *ss,const char *buf,size_t len);
extern int substdio_puts(substdio *ss,const char *s);
extern int substdio_flush(substdio *ss);
extern int substdio_putsflush(substdio *ss,const char *s);

/* puts one byte into *ch; returns 1, 0 at the end of input, or -1 */
extern int substdio_getc(substdio *ss,char *ch);

#endif
