/* poll PROGRAM high: runs a qmail-rspawn whose pipes get high numbers.
   poll PROGRAM few:  runs it with fewer descriptors than it has slots.
   HOLD names the fifo that deliveries to hold.example wait on. Exits 0; 1 with
   a line that says what is wrong; 99 with one that says what is missing. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGHEST 10000 /* descriptors held open at most */
#define LOWEST 1200 /* fewer would prove nothing */
#define FEW 64
#define USED_SELECT 66 /* noselect.c ends the program with it */

static int to; /* commands go in here */
static int from; /* reports come out here */
static unsigned int width; /* bytes of a delivery number: 2 with big-concurrency */
static pid_t pid; /* of qmail-rspawn */

/* Neither qmail-rspawn nor a delivery on hold may outlive us. */
static void end(int code,const char *what)
{
  int fd = open(getenv("HOLD"),O_RDWR | O_NONBLOCK);

  if (fd != -1 && write(fd,"\n",1) == 1) usleep(100000);
  if (pid > 0) kill(pid,SIGKILL);
  printf("%s\n",what);
  exit(code);
}

static void limit_descriptors(rlim_t n)
{
  struct rlimit r;

  if (getrlimit(RLIMIT_NOFILE,&r) == -1) end(99,"cannot read the descriptor limit");
  if (r.rlim_max < n) end(99,"fewer than 1200 descriptors may be open here");
  r.rlim_cur = n;
  if (setrlimit(RLIMIT_NOFILE,&r) == -1) end(99,"cannot set the descriptor limit");
}

static rlim_t most_descriptors(void)
{
  struct rlimit r;

  if (getrlimit(RLIMIT_NOFILE,&r) == -1) end(99,"cannot read the descriptor limit");
  return r.rlim_max > HIGHEST ? HIGHEST : r.rlim_max;
}

/* Leaves 16 numbers below the limit free. The end of a silent pipe is never
   ready, so a set that has grown into other memory shows: its bits are cleared. */
static void fill_descriptors(rlim_t limit)
{
  int silent[2];
  int fd;

  if (pipe(silent) == -1) end(99,"cannot make a pipe");
  while ((fd = dup(silent[0])) != -1 && (rlim_t) fd < limit - 16) ;
  close(fd);
}

static void be_spawner(char *program,int high,const int *in,const int *out)
{
  rlim_t limit = most_descriptors();

  if (!high) limit = FEW;
  if (high && limit < LOWEST) limit = LOWEST; /* says why it cannot */
  dup2(in[0],0);
  dup2(out[1],1);
  close(in[0]); close(in[1]); close(out[0]); close(out[1]);
  limit_descriptors(limit);
  if (high) fill_descriptors(limit);
  execl(program,program,(char *) 0);
  _exit(111);
}

static void start(char *program,int high)
{
  int in[2];
  int out[2];

  if (high && most_descriptors() < LOWEST) end(99,"fewer than 1200 descriptors may be open here");
  if (pipe(in) == -1 || pipe(out) == -1) end(99,"cannot make a pipe");
  pid = fork();
  if (pid == -1) end(99,"cannot fork");
  if (pid == 0) be_spawner(program,high,in,out);
  close(in[0]);
  close(out[1]);
  to = in[1];
  from = out[0];
}

static void crashed(void)
{
  int status;

  if (waitpid(pid,&status,0) == pid) {
    pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == USED_SELECT) end(1,"qmail-rspawn waits with select()");
  }
  end(1,"qmail-rspawn has crashed");
}

static int readable(int milliseconds)
{
  struct pollfd x;

  x.fd = from;
  x.events = POLLIN;
  return poll(&x,1,milliseconds) == 1;
}

static unsigned int next_byte(void)
{
  unsigned char ch;

  if (!readable(8000)) end(1,"qmail-rspawn did not answer within 8 seconds");
  if (read(from,&ch,1) != 1) crashed();
  return ch;
}

/* as many bytes as come at once are what a delivery number has */
static void greeting(void)
{
  next_byte();
  width = 1;
  while (readable(300)) {
    next_byte();
    ++width;
  }
}

static void command(unsigned int delnum,const char *recip)
{
  char buf[100];
  unsigned int len = 0;

  buf[len++] = (char) delnum;
  while (len < width) buf[len++] = 0;
  len += (unsigned int) snprintf(buf + len,sizeof buf - len,"0/1%csender@x%c%s",0,0,recip) + 1;
  if (write(to,buf,len) != (ssize_t) len) crashed();
}

static void expect(unsigned int delnum)
{
  char report[300];
  char line[400];
  unsigned int number = next_byte();
  unsigned int len = 0;
  unsigned int i;

  for (i = 1;i < width;++i) next_byte();
  while ((report[len] = (char) next_byte()) != 0)
    if (len < sizeof report - 1) ++len;
  if (number == delnum && report[0] == 'K') return;
  snprintf(line,sizeof line,"slot %u: expected K, got \"%s\" for slot %u",delnum,report,number);
  line[strcspn(line,"\n")] = ' ';
  end(1,line);
}

/* one waits while others come and go */
static void deliver(void)
{
  unsigned int i;
  int fd;

  command(7,"u@hold.example");
  for (i = 0;i < 6;++i) {
    command(i,"u@h.example");
    expect(i);
  }
  sleep(1);
  fd = open(getenv("HOLD"),O_WRONLY);
  if (fd == -1 || write(fd,"\n",1) != 1) end(1,"cannot release the delivery on hold");
  close(fd);
  expect(7);
}

/* A spawner that spins uses up the second in which it has nothing to do. */
static void finish(void)
{
  struct rusage ru;
  int status;

  close(to);
  while (readable(8000)) {
    char ch;
    if (read(from,&ch,1) != 1) break;
  }
  if (wait4(pid,&status,0,&ru) != pid || status != 0) end(1,"qmail-rspawn did not exit 0 at the end of its input");
  pid = 0;
  if (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec > 0 || ru.ru_utime.tv_usec + ru.ru_stime.tv_usec > 700000)
    end(1,"qmail-rspawn spins while it waits");
}

int main(int argc,char **argv)
{
  if (argc != 3) return 100;
  signal(SIGPIPE,SIG_IGN);
  start(argv[1],!strcmp(argv[2],"high"));
  greeting();
  deliver();
  finish();
  return 0;
}
