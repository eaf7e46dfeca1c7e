/* send PROGRAM REMOTE: plays qmail-lspawn, qmail-rspawn and the logger for a
   qmail-send whose queue holds one message; REMOTE is the file of its
   32770 recipients. Exits 0, or 1 with one line that says what is wrong. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define SLOTS 40000 /* both bytes matter, and the high one is above 127 */
#define RECIPS 32770
#define RECIPLEN 13 /* bytes of one recipient in REMOTE */

enum { LOG, TOLOCAL, FROMLOCAL, TOREMOTE, FROMREMOTE, TOCLEAN, FROMCLEAN, PIPES };
static int ours[PIPES]; /* our end of each of qmail-send's descriptors 0 to 6 */
static pid_t pid;

static void broken(const char *what)
{
  if (pid > 0) kill(pid,SIGKILL);
  printf("%s\n",what);
  exit(1);
}

static void late(int sig)
{
  static const char text[] = "qmail-send did not do its part within 14 seconds\n";

  (void) sig;
  if (pid > 0) kill(pid,SIGKILL);
  if (write(1,text,sizeof text - 1) == -1) _exit(1);
  _exit(1);
}

static int qmail_send_reads(int fd)
{
  return fd == FROMLOCAL || fd == FROMREMOTE || fd == FROMCLEAN;
}

static void start(char *program)
{
  int theirs[PIPES];
  int pi[2];
  int i;

  for (i = 0;i < PIPES;++i) {
    if (pipe(pi) == -1) broken("cannot make a pipe");
    theirs[i] = fcntl(pi[!qmail_send_reads(i)],F_DUPFD,20);
    ours[i] = fcntl(pi[qmail_send_reads(i)],F_DUPFD,40);
    fcntl(ours[i],F_SETFD,FD_CLOEXEC);
    close(pi[0]);
    close(pi[1]);
  }
  pid = fork();
  if (pid == -1) broken("cannot fork");
  if (pid == 0) {
    for (i = 0;i < PIPES;++i) dup2(theirs[i],i);
    for (i = 0;i < PIPES;++i) close(theirs[i]);
    execl(program,program,(char *) 0);
    _exit(111);
  }
  for (i = 0;i < PIPES;++i) close(theirs[i]);
}

static void tell(int fd,const char *s,size_t len)
{
  if (write(ours[fd],s,len) != (ssize_t) len) broken("qmail-send has ended before its time");
}

/* The two bytes need not come together. */
static void greet(int fd,unsigned int slots)
{
  char num[2];

  num[0] = (char) (slots & 255);
  num[1] = (char) (slots >> 8);
  tell(fd,num,1);
  usleep(50000);
  tell(fd,num + 1,1);
}

/* COMMANDS */

static unsigned int commands; /* how many have come in whole */
static unsigned int command_len; /* bytes of the next one so far */
static unsigned int command_nuls;
static unsigned int command_number;

/* qmail-send takes the first free slot: the numbers must count up */
static void command_byte(unsigned char ch)
{
  char line[100];

  if (command_len++ < 2) {
    if (command_len == 1) command_number = ch;
    else command_number += 256U * ch;
    return;
  }
  if (ch || ++command_nuls < 3) return;
  if (command_number != commands) {
    snprintf(line,sizeof line,"command for slot %u has number %u",commands,command_number);
    broken(line);
  }
  ++commands;
  command_len = 0;
  command_nuls = 0;
}

/* LOG */

#define CHUNK 4096

/* The end of the log. Half of it holds a chunk, so what came last is whole. */
static char recent[3 * CHUNK];
static size_t recent_len;

static void log_byte(char ch)
{
  if (recent_len == sizeof recent - 1) {
    recent_len /= 2;
    memmove(recent,recent + sizeof recent - 1 - recent_len,recent_len);
  }
  recent[recent_len++] = ch;
  recent[recent_len] = 0;
}

/* takes in what qmail-send writes, until something came */
static void listen(void)
{
  struct pollfd x[2];
  char buf[CHUNK];
  ssize_t r;
  ssize_t i;

  x[0].fd = ours[LOG];
  x[1].fd = ours[TOREMOTE];
  x[0].events = x[1].events = POLLIN;
  if (poll(x,2,-1) == -1) broken("cannot poll");
  if (x[0].revents) {
    r = read(ours[LOG],buf,sizeof buf);
    if (r <= 0) broken("qmail-send has ended before its time");
    for (i = 0;i < r;++i) log_byte(buf[i]);
  }
  if (x[1].revents) {
    r = read(ours[TOREMOTE],buf,sizeof buf);
    if (r <= 0) broken("qmail-send has ended before its time");
    for (i = 0;i < r;++i) command_byte((unsigned char) buf[i]);
  }
}

static void expect_log(const char *text)
{
  while (!strstr(recent,text)) {
    if (strstr(recent,"cannot start") || strstr(recent,"out of range")) {
      recent[strcspn(recent,"\n")] = 0;
      broken(recent);
    }
    listen();
  }
  recent_len = 0;
  recent[0] = 0;
}

/* REPORTS */

static void report(unsigned int delnum,const char *text)
{
  char buf[100];

  buf[0] = (char) (delnum & 255);
  buf[1] = (char) (delnum >> 8);
  tell(FROMREMOTE,buf,2 + (size_t) snprintf(buf + 2,sizeof buf - 2,"%s",text) + 1);
}

static void deliver(unsigned int delnum)
{
  char line[100];

  report(delnum,"Kkept\n");
  snprintf(line,sizeof line,"delivery %u: success: kept",delnum + 1);
  expect_log(line);
}

/* qmail-send marks a recipient that is done with a D in place of the T */
static void expect_mark(int fd,unsigned int delnum,char mark)
{
  char line[100];
  char ch;

  if (pread(fd,&ch,1,(off_t) delnum * RECIPLEN) != 1) broken("cannot read the recipients");
  if (ch == mark) return;
  snprintf(line,sizeof line,"recipient %u is marked %c instead of %c",delnum,ch,mark);
  broken(line);
}

int main(int argc,char **argv)
{
  int fd;

  if (argc != 3) return 100;
  signal(SIGALRM,late);
  signal(SIGPIPE,SIG_IGN);
  alarm(14);

  fd = open(argv[2],O_RDONLY);
  if (fd == -1) broken("cannot open the recipients");
  start(argv[1]);
  greet(FROMLOCAL,10);
  greet(FROMREMOTE,SLOTS);
  expect_log("status: local 0/10 remote 0/40000\n");
  while (commands < RECIPS) listen();

  deliver(0);
  deliver(256);
  deliver(RECIPS - 1);
  report(300,"Zlater\n");
  expect_log("delivery 301: deferral: later");
  expect_mark(fd,0,'D');
  expect_mark(fd,1,'T');
  expect_mark(fd,256,'D');
  expect_mark(fd,300,'T');
  expect_mark(fd,RECIPS - 1,'D');
  kill(pid,SIGKILL);
  return 0;
}
