#include <sys/types.h>
#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>
#include "timeout.h"

/* returns 0 once fd is ready for events, or -1 */
static int await(int seconds,int fd,short events)
{
  struct pollfd x;
  int r;

  x.fd = fd;
  x.events = events;
  if (seconds > INT_MAX / 1000) seconds = INT_MAX / 1000;
  r = poll(&x,1,seconds * 1000);
  if (r == 0) errno = ETIMEDOUT;
  return r > 0 ? 0 : -1;
}

ssize_t timeoutread(int seconds,int fd,char *buf,size_t len)
{
  if (await(seconds,fd,POLLIN) == -1) return -1;
  return read(fd,buf,len);
}

ssize_t timeoutwrite(int seconds,int fd,char *buf,size_t len)
{
  if (await(seconds,fd,POLLOUT) == -1) return -1;
  return write(fd,buf,len);
}

static int finish_connect(int seconds,int fd)
{
  socklen_t len = sizeof(int);
  int e;

  if (await(seconds,fd,POLLOUT) == -1) return -1;
  if (getsockopt(fd,SOL_SOCKET,SO_ERROR,&e,&len) == -1) return -1;
  if (!e) return 0;
  errno = e;
  return -1;
}

/* leaves fd in non-blocking mode, so that a write can time out, too */
int timeoutconn(int seconds,int fd,const struct sockaddr_in *sin)
{
  if (fcntl(fd,F_SETFL,fcntl(fd,F_GETFL,0) | O_NONBLOCK) == -1) return -1;
  if (connect(fd,(const struct sockaddr *) sin,sizeof *sin) == 0) return 0;
  if (errno != EINPROGRESS) return -1;
  return finish_connect(seconds,fd);
}
