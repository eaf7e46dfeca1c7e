/* wire PROGRAM SLOTS: plays qmail-send for a qmail-rspawn of so many slots.
   HOLD names the fifo that deliveries to hold.example wait on.
   Exits 0, or 1 with one line that says what is wrong. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static int to; /* commands go in here */
static int from; /* reports come out here */
static pid_t pid; /* of qmail-rspawn */

/* Neither qmail-rspawn nor a delivery on hold may outlive us. */
static void end_all(void)
{
  int fd = open(getenv("HOLD"),O_RDWR | O_NONBLOCK);

  if (fd != -1 && write(fd,"\n",1) == 1) usleep(100000);
  if (pid > 0) kill(pid,SIGKILL);
}

static void broken(const char *what)
{
  end_all();
  printf("%s\n",what);
  exit(1);
}

static void start(char *program)
{
  int in[2];
  int out[2];

  if (pipe(in) == -1 || pipe(out) == -1) broken("cannot make a pipe");
  pid = fork();
  if (pid == -1) broken("cannot fork");
  if (pid == 0) {
    dup2(in[0],0);
    dup2(out[1],1);
    close(in[0]); close(in[1]); close(out[0]); close(out[1]);
    execl(program,program,(char *) 0);
    _exit(111);
  }
  close(in[0]);
  close(out[1]);
  to = in[1];
  from = out[0];
}

/* reads one byte; what to say if it does not come */
static unsigned int next_byte(const char *missing)
{
  struct pollfd x;
  unsigned char ch;

  x.fd = from;
  x.events = POLLIN;
  if (poll(&x,1,8000) != 1) broken(missing);
  if (read(from,&ch,1) != 1) broken("qmail-rspawn has ended before its time");
  return ch;
}

static unsigned int next_number(const char *missing)
{
  unsigned int low = next_byte(missing);

  return low + 256 * next_byte(missing);
}

static void command(unsigned int delnum,const char *messid,const char *recip)
{
  char buf[200];
  int len;

  buf[0] = (char) (delnum & 255);
  buf[1] = (char) (delnum >> 8);
  len = 2 + snprintf(buf + 2,sizeof buf - 2,"%s%csender@x%c%s",messid,0,0,recip) + 1;
  if (write(to,buf,(size_t) len) != len) broken("cannot write to qmail-rspawn");
}

/* the next report must be for delnum and start with text */
static void expect(unsigned int delnum,const char *text)
{
  char report[300];
  char line[700];
  unsigned int number = next_number("a report does not come within 8 seconds");
  unsigned int len = 0;

  while ((report[len] = (char) next_byte("a report does not end within 8 seconds")) != 0)
    if (len < sizeof report - 1) ++len;
  if (number == delnum && !strncmp(report,text,strlen(text))) return;
  snprintf(line,sizeof line,"slot %u: expected \"%s\", got \"%s\" for slot %u",delnum,text,report,number);
  line[strcspn(line,"\n")] = ' ';
  broken(line);
}

static void greeting(unsigned int slots)
{
  char line[100];
  unsigned int number = next_number("the greeting is shorter than two bytes");

  if (number == slots) return;
  snprintf(line,sizeof line,"greeting says %u slots instead of %u",number,slots);
  broken(line);
}

/* Either byte may be 0, or have its highest bit set. */
static void slots_near_the_edges(unsigned int slots)
{
  unsigned int delnums[] = { 0, 1, 127, 128, 255, 256, 257, 32767, 32768, 33023, 33024, 0 };
  unsigned int i;

  delnums[11] = slots - 1;
  for (i = 0;i < sizeof delnums / sizeof *delnums;++i) {
    command(delnums[i],"0/1","u@h.example");
    expect(delnums[i],"K");
  }
}

/* 300, 44 and 32812 share their low byte */
static void three_at_once(void)
{
  int fd;

  command(300,"0/1","u@hold.example");
  command(300,"0/1","u@h.example");
  expect(300,"ZInternal error: delnum in use");
  command(44,"0/1","u@h.example");
  expect(44,"K");
  command(32812,"0/1","u@h.example");
  expect(32812,"K");
  fd = open(getenv("HOLD"),O_WRONLY);
  if (fd == -1 || write(fd,"\n",1) != 1) broken("cannot release the delivery on hold");
  close(fd);
  expect(300,"K");
}

static void refusals(unsigned int slots)
{
  command(slots,"0/1","u@h.example");
  expect(slots,"ZInternal error: delnum too big");
  command(65535,"0/1","u@h.example");
  expect(65535,"ZInternal error: delnum too big");
  command(32769,"0/x","u@h.example");
  expect(32769,"DInternal error: messid has nonnumerics");
}

int main(int argc,char **argv)
{
  unsigned int slots;
  int status;

  if (argc != 3) return 100;
  slots = (unsigned int) atoi(argv[2]);
  signal(SIGPIPE,SIG_IGN);
  start(argv[1]);
  greeting(slots);
  slots_near_the_edges(slots);
  three_at_once();
  refusals(slots);

  close(to);
  if (waitpid(pid,&status,0) != pid || status != 0) broken("qmail-rspawn did not exit 0 at the end of its input");
  return 0;
}
