
/* fdset.sh puts the #include lines of spawn.c above. Exits 0; 1 with a line
   that says what is wrong; 99 with a line that says what is missing here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

extern unsigned long chkspawn_bits; /* what chkspawn.c takes fd_set for */

/* an fd_set that is smaller than FD_SET() believes spills over into after */
static struct {
  unsigned long before[64];
  fd_set set;
  unsigned long after[64];
} guarded;

static void end(int code,const char *what,unsigned long number)
{
  printf(what,number);
  printf("\n");
  exit(code);
}

/* the highest descriptor this process may have */
static int raise_limit(void)
{
  struct rlimit r;

  if (getrlimit(RLIMIT_NOFILE,&r) == -1) end(99,"cannot read the descriptor limit",0);
  r.rlim_cur = r.rlim_max;
  if (r.rlim_max > chkspawn_bits) r.rlim_cur = chkspawn_bits;
  if (setrlimit(RLIMIT_NOFILE,&r) == -1) end(99,"cannot raise the descriptor limit",0);
  if (r.rlim_cur <= 1025) end(99,"only %lu descriptors may be open here",(unsigned long) r.rlim_cur);
  return (int) r.rlim_cur - 1;
}

static void check_guards(int fd)
{
  int i;

  for (i = 0;i < 64;++i)
    if (guarded.before[i] || guarded.after[i])
      end(1,"FD_SET() of descriptor %lu writes outside the fd_set",(unsigned long) fd);
}

/* fd, and a silent neighbour, in one set */
static void wait_on(int fd,int silent)
{
  struct timeval tv;
  char ch;

  FD_ZERO(&guarded.set);
  FD_SET(fd,&guarded.set);
  FD_SET(silent,&guarded.set);
  check_guards(fd);

  tv.tv_sec = 1; tv.tv_usec = 0;
  if (select(fd + 1,&guarded.set,(fd_set *) 0,(fd_set *) 0,&tv) != 1)
    end(1,"select() does not see descriptor %lu",(unsigned long) fd);
  if (!FD_ISSET(fd,&guarded.set) || FD_ISSET(silent,&guarded.set))
    end(1,"FD_ISSET() is wrong about descriptor %lu",(unsigned long) fd);
  FD_CLR(fd,&guarded.set);
  if (FD_ISSET(fd,&guarded.set))
    end(1,"FD_CLR() leaves descriptor %lu in",(unsigned long) fd);
  check_guards(fd);
  if (read(fd,&ch,1) != 1) end(1,"descriptor %lu cannot be read",(unsigned long) fd);
}

static void try_descriptor(int fd)
{
  int ready[2];
  int silent[2];

  if (pipe(ready) == -1 || pipe(silent) == -1) end(99,"cannot make a pipe",0);
  if (dup2(ready[0],fd) == -1) end(99,"cannot open descriptor %lu",(unsigned long) fd);
  if (dup2(silent[0],fd - 1) == -1) end(99,"cannot open descriptor %lu",(unsigned long) fd - 1);
  if (write(ready[1],"",1) != 1) end(99,"cannot write to a pipe",0);
  wait_on(fd,fd - 1);
  close(fd); close(fd - 1);
  close(ready[0]); close(ready[1]); close(silent[0]); close(silent[1]);
}

int main()
{
  int fds[] = { 31, 63, 1023, 1024, 1025, 2047, 10000, 65536, 0 };
  unsigned int i;
  int highest;

  if (sizeof(fd_set) * 8 != chkspawn_bits)
    end(1,"chkspawn.c takes fd_set for %lu bits, which is not what spawn.c has",chkspawn_bits);
  if ((chkspawn_bits - 5) / 2 < 65000)
    end(1,"an fd_set of %lu bits has no room for 65000 slots",chkspawn_bits);
  highest = raise_limit();
  fds[sizeof fds / sizeof *fds - 1] = highest;
  for (i = 0;i < sizeof fds / sizeof *fds;++i)
    if (fds[i] <= highest) try_descriptor(fds[i]);
  return 0;
}
