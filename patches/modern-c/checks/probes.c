/*
probes.c: for each question of the tree's probes one program that asks it
properly declared. -DASK_... says which; it compiles and links where the
answer is yes.
*/

#ifdef ASK_COMPILER
int main(void) { return 0; }
#endif

#ifdef ASK_STRICT /* must not compile */
int main(void) { return nobody_declared_this(); }
#endif

#ifdef ASK_VFORK
#include <unistd.h>
int main(void) { if (vfork() == 0) _exit(0); return 0; }
#endif

#ifdef ASK_DIRENT
#include <sys/types.h>
#include <dirent.h>
static struct dirent d;
int main(void) { return d.d_name[0]; }
#endif

#ifdef ASK_SELECT_H
#include <sys/select.h>
static fd_set fds;
int main(void) { return select(0,&fds,(fd_set *) 0,(fd_set *) 0,(struct timeval *) 0); }
#endif

#ifdef ASK_LONG_OF_32_BITS
_Static_assert(sizeof(long) == 4,"long has more than 32 bits");
int main(void) { return 0; }
#endif

#ifdef ASK_FLOCK
#include <sys/file.h>
int main(void) { return flock(0,LOCK_EX | LOCK_NB); }
#endif

#ifdef ASK_MKFIFO
#include <sys/types.h>
#include <sys/stat.h>
int main(void) { return mkfifo("",0); }
#endif

#ifdef ASK_SA_LEN
#include <sys/types.h>
#include <sys/socket.h>
static struct sockaddr sa;
int main(void) { return sa.sa_len; }
#endif

#ifdef ASK_SIGACTION
#include <signal.h>
int main(void) { return sigaction(SIGCHLD,(struct sigaction *) 0,(struct sigaction *) 0); }
#endif

#ifdef ASK_SIGPROCMASK
#include <signal.h>
int main(void) { return sigprocmask(SIG_SETMASK,(sigset_t *) 0,(sigset_t *) 0); }
#endif

#ifdef ASK_WAITPID
#include <sys/types.h>
#include <sys/wait.h>
int main(void) { return waitpid(0,(int *) 0,WNOHANG) == 0; }
#endif

#ifdef ASK_SHORT_GROUPS
#include <sys/types.h>
_Static_assert(sizeof(gid_t) == sizeof(short),"setgroups() takes more than shorts");
int main(void) { return 0; }
#endif

#ifdef ASK_PIPE_BUG /* to be run: 0 if a pipe nobody writes to counts as readable */
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/select.h>
#include <fcntl.h>
#include <unistd.h>
int main(void)
{
  struct timeval now = { 0, 0 };
  fd_set fds;
  int fd;

  if (mkfifo("probes.fifo",0600) == -1) return 1;
  fd = open("probes.fifo",O_RDONLY | O_NONBLOCK);
  unlink("probes.fifo");
  if (fd == -1) return 1;
  FD_ZERO(&fds);
  FD_SET(fd,&fds);
  return select(fd + 1,&fds,(fd_set *) 0,(fd_set *) 0,&now) <= 0;
}
#endif

#ifdef ASK_RESOLVER
#include <sys/types.h>
#include <netinet/in.h>
#include <arpa/nameser.h>
#include <resolv.h>
static unsigned char answer[512];
static char name[256];
int main(void)
{
  return res_query("",1,1,answer,sizeof answer) + dn_expand(answer,answer,answer,name,sizeof name);
}
#endif

#ifdef ASK_SYSLOG
#include <syslog.h>
int main(void) { syslog(LOG_MAIL,"probe"); return 0; }
#endif
