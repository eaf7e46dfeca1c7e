#include <unistd.h>
#include "subfd.h"

static ssize_t writeop(int fd,char *buf,size_t len)
{
  return write(fd,buf,len);
}

static char outbuf[256];
static substdio out = SUBSTDIO_FDBUF(writeop,1,outbuf,sizeof outbuf);
substdio *subfdout = &out;

static char errbuf[256];
static substdio err = SUBSTDIO_FDBUF(writeop,2,errbuf,sizeof errbuf);
substdio *subfderr = &err;
