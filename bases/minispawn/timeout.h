#ifndef TIMEOUT_H
#define TIMEOUT_H

#include <sys/types.h>
#include <netinet/in.h>

/* as read, write and connect, but give up after so many seconds: -1, with
   errno ETIMEDOUT */
extern ssize_t timeoutread(int seconds,int fd,char *buf,size_t len);
extern ssize_t timeoutwrite(int seconds,int fd,char *buf,size_t len);
extern int timeoutconn(int seconds,int fd,const struct sockaddr_in *sin);

#endif
