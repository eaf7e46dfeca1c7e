#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>
#include "control.h"
#include "scan.h"
#include "substdio.h"

static ssize_t readop(int fd,char *buf,size_t len)
{
  return read(fd,buf,len);
}

/* ends the line that starts at sa->s[start], or takes it away */
static int end_line(stralloc *sa,unsigned int start)
{
  while (sa->len > start && strchr(" \t\r",sa->s[sa->len - 1])) --sa->len;
  if (sa->len == start) return 1;
  if (sa->s[start] == '#') {
    sa->len = start;
    return 1;
  }
  return stralloc_0(sa);
}

static int read_lines(stralloc *sa,int fd)
{
  char buf[512];
  substdio ss;
  unsigned int start = 0;
  char ch;
  int r;

  substdio_fdbuf(&ss,readop,fd,buf,sizeof buf);
  while ((r = substdio_getc(&ss,&ch)) == 1) {
    if (ch != '\n') {
      if (!stralloc_append(sa,&ch)) return -1;
      continue;
    }
    if (!end_line(sa,start)) return -1;
    start = sa->len;
  }
  if (r == -1) return -1;
  return end_line(sa,start) ? 1 : -1;
}

int control_readfile(stralloc *sa,const char *fn)
{
  int fd;
  int r;

  if (!stralloc_copys(sa,"")) return -1;
  fd = open(fn,O_RDONLY | O_NONBLOCK);
  if (fd == -1) return errno == ENOENT ? 0 : -1;
  r = read_lines(sa,fd);
  close(fd);
  return r;
}

int control_readline(stralloc *sa,const char *fn)
{
  int r;

  r = control_readfile(sa,fn);
  if (r != 1) return r;
  return sa->len > 0;
}

int control_readint(int *i,const char *fn)
{
  static stralloc line;
  unsigned long u;
  int r;

  r = control_readline(&line,fn);
  if (r != 1) return r;
  if (scan_ulong(line.s,&u) && u <= INT_MAX) *i = (int) u;
  return 1;
}
