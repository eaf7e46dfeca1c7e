#include <errno.h>
#include <string.h>
#include "substdio.h"

void substdio_fdbuf(substdio *ss,substdio_op *op,int fd,char *buf,size_t size)
{
  ss->op = op;
  ss->fd = fd;
  ss->x = buf;
  ss->size = size;
  ss->pos = 0;
  ss->len = 0;
}

static ssize_t persist(substdio *ss,char *buf,size_t len)
{
  ssize_t r;

  do
    r = ss->op(ss->fd,buf,len);
  while (r == -1 && errno == EINTR);
  return r;
}

int substdio_flush(substdio *ss)
{
  size_t done;
  ssize_t w;

  for (done = 0;done < ss->len;done += (size_t) w) {
    w = persist(ss,ss->x + done,ss->len - done);
    if (w == -1) return -1;
  }
  ss->len = 0;
  return 0;
}

int substdio_put(substdio *ss,const char *buf,size_t len)
{
  size_t n;

  while (len) {
    if (ss->len == ss->size)
      if (substdio_flush(ss) == -1) return -1;
    n = ss->size - ss->len;
    if (n > len) n = len;
    memcpy(ss->x + ss->len,buf,n);
    ss->len += n;
    buf += n;
    len -= n;
  }
  return 0;
}

int substdio_puts(substdio *ss,const char *s)
{
  return substdio_put(ss,s,strlen(s));
}

int substdio_putsflush(substdio *ss,const char *s)
{
  if (substdio_puts(ss,s) == -1) return -1;
  return substdio_flush(ss);
}

int substdio_getc(substdio *ss,char *ch)
{
  ssize_t r;

  if (ss->pos == ss->len) {
    r = persist(ss,ss->x,ss->size);
    if (r <= 0) return (int) r;
    ss->pos = 0;
    ss->len = (size_t) r;
  }
  *ch = ss->x[ss->pos++];
  return 1;
}
