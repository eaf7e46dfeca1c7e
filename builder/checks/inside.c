/* inside PROGRAM PATH HOME WIDTH SPAWN ASKED NOFILE QUIET PATIENCE LIMIT

   Plays qmail-send for the qmail-rspawn PROGRAM, which finds qmail-remote in PATH,
   and the mail server of the whole world for its deliveries. Sends it the
   ASKED commands in HOME/commands if it announces SPAWN in WIDTH bytes, lets
   no delivery go on before all of them stand at the gate, and prints what it
   sees, a key and a value a line, in microseconds and hex. inside.py judges.

   NOFILE limits the spawner's descriptors, 0 does not. QUIET is how many
   seconds without any news are enough; PATIENCE and LIMIT are the seconds for
   all connections and for all reports. Exits 0 with the facts, 99 if it could
   not begin, 1 if it lost its way; what is wrong is the last line then. */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define GREETING 5000 /* milliseconds for the first byte */
#define REST 1000 /* and for another one that is still missing */
#define TOO_MANY 20 /* and for one that should not be there */
#define ENDING 5 /* seconds for ending after the end of input */
#define SPARE 60 /* clients besides those that are asked for, and seconds */
#define LONGEST 4096 /* bytes of what a client says for one mail */
#define SECOND 1000000LL

static pid_t pid; /* of qmail-rspawn; 0 before it runs */

static void end_all(void)
{
  if (pid <= 0) return;
  kill(-pid,SIGKILL);
  kill(pid,SIGKILL); /* it may not lead its group yet */
}

static void too_late(int sig)
{
  (void) sig;
  end_all();
  _exit(1);
}

static void unable(const char *what)
{
  int saved = errno;

  fflush(stdout);
  fprintf(stderr,"cannot %s: %s\n",what,strerror(saved));
  end_all();
  exit(pid ? 1 : 99);
}

static long long now(void)
{
  struct timespec t;

  if (clock_gettime(CLOCK_MONOTONIC,&t) == -1) unable("read the clock");
  return t.tv_sec * SECOND + t.tv_nsec / 1000;
}

static void print_hex(const char *key,const char *s,size_t len)
{
  printf("%s ",key);
  while (len--) printf("%02x",(unsigned int) (unsigned char) *s++);
  putchar('\n');
}

/* Nothing of ours is for the programs that are started. */
static void ours(int fd)
{
  if (fcntl(fd,F_SETFD,FD_CLOEXEC) == -1) unable("keep a descriptor");
  if (fcntl(fd,F_SETFL,O_NONBLOCK) == -1) unable("keep a descriptor from blocking");
}


/* LIMITS */

static long long number(rlim_t limit)
{
  return limit == RLIM_INFINITY ? -1 : (long long) limit;
}

static void raise_limit(int kind,const char *key)
{
  struct rlimit limit;

  if (getrlimit(kind,&limit) == -1) unable("read a limit");
  limit.rlim_cur = limit.rlim_max;
  setrlimit(kind,&limit); /* what came of it is what is printed */
  if (getrlimit(kind,&limit) == -1) unable("read a limit");
  printf("%s %lld\n%s-hard %lld\n",key,number(limit.rlim_cur),key,number(limit.rlim_max));
}

static void lower_descriptors(rlim_t nofile)
{
  struct rlimit limit;

  if (getrlimit(RLIMIT_NOFILE,&limit) == -1) _exit(111);
  if (limit.rlim_cur > nofile) limit.rlim_cur = nofile;
  if (setrlimit(RLIMIT_NOFILE,&limit) == -1) _exit(111);
}


/* THE SPAWNER */

static int to = -1; /* commands go in here; -1 once it is closed */
static int from = -1; /* reports come out here; -1 once it has ended */

static void become(char *program,char *path,rlim_t nofile,int in,int out)
{
  int errors = open("stderr",O_WRONLY | O_CREAT | O_TRUNC,0644);

  setsid();
  if (errors == -1 || dup2(in,0) == -1 || dup2(out,1) == -1 || dup2(errors,2) == -1) _exit(111);
  close(in);
  close(out);
  close(errors);
  signal(SIGPIPE,SIG_DFL);
  if (nofile) lower_descriptors(nofile);
  if (setenv("PATH",path,1) == -1) _exit(111);
  execl(program,program,(char *) 0);
  perror(program);
  _exit(127);
}

static void start(char *program,char *path,rlim_t nofile)
{
  int in[2];
  int out[2];
  pid_t child;

  if (pipe(in) == -1 || pipe(out) == -1) unable("make a pipe");
  ours(in[1]);
  ours(out[0]);
  fflush(stdout);
  child = fork();
  if (child == -1) unable("fork");
  if (!child) {
    close(in[1]);
    close(out[0]);
    become(program,path,nofile,in[0],out[1]);
  }
  pid = child;
  close(in[0]);
  close(out[1]);
  to = in[1];
  from = out[0];
}

/* prints the first bytes that it says; returns 1 if they are as expected */
static int greeting(unsigned int width,unsigned long spawn)
{
  struct pollfd x;
  char said[16];
  unsigned long announced = 0;
  unsigned int len = 0;
  unsigned int i;
  int patience = GREETING;

  x.fd = from;
  x.events = POLLIN;
  while (len < sizeof said && poll(&x,1,patience) == 1 && read(from,said + len,1) == 1)
    patience = ++len < width ? REST : TOO_MANY;
  print_hex("greeting",said,len);
  for (i = len;i;--i) announced = announced * 256 + (unsigned char) said[i - 1];
  return len == width && announced == spawn;
}

static char *commands;
static size_t unsent; /* bytes of them */

static void read_commands(void)
{
  FILE *f = fopen("commands","rb");
  size_t room = 0;
  size_t r;

  if (!f) unable("open commands");
  do {
    room += 65536;
    commands = realloc(commands,room);
    if (!commands) unable("find memory");
    r = fread(commands + unsent,1,room - unsent,f);
    unsent += r;
  } while (r);
  if (ferror(f)) unable("read commands");
  fclose(f);
}

static void send_commands(void)
{
  static size_t sent;
  ssize_t w = write(to,commands + sent,unsent);

  if (w == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (w == -1) { unsent = 0; return; } /* it has died, and will hang up */
  sent += (size_t) w;
  unsent -= (size_t) w;
}

static unsigned int width; /* bytes of a delivery number */
static unsigned long reports;
static long long news; /* when anything has moved last */

static void hear(void)
{
  static unsigned int numbered; /* bytes of the number that have come */
  char buf[4096];
  ssize_t r = read(from,buf,sizeof buf);
  ssize_t i;

  if (r == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (r <= 0) { close(from); from = -1; return; }
  print_hex("said",buf,(size_t) r);
  news = now();
  for (i = 0;i < r;++i)
    if (numbered < width) ++numbered;
    else if (!buf[i]) { ++reports; numbered = 0; }
}


/* THE SINK */

struct client {
  int fd;
  int rcpt; /* 1: has named a recipient */
  int data; /* 1: is sending its mail */
  int taken; /* 1: its mail has been taken */
  size_t start; /* of the line that is coming */
  size_t len;
  char said[LONGEST]; /* since the envelope began */
};

static int listener = -1;
static int gate; /* 1: open */
static struct client **clients;
static unsigned long room; /* for clients */
static unsigned long present;
static unsigned long dropped; /* clients that left before their mail was taken */
static unsigned long level; /* deliveries under way */
static long long began;
static long long arrived; /* when the last client came */

static void count(int change)
{
  news = now();
  level += (unsigned long) change;
  printf("change %lld %lu\n",news - began,level);
}

static void listen_for(unsigned long asked)
{
  struct sockaddr_in sa;
  socklen_t len = sizeof sa;
  FILE *f;

  memset(&sa,0,sizeof sa);
  sa.sin_family = AF_INET;
  sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  listener = socket(AF_INET,SOCK_STREAM,0);
  if (listener == -1) unable("make a socket");
  if (bind(listener,(struct sockaddr *) &sa,sizeof sa) == -1) unable("bind to 127.0.0.1");
  if (listen(listener,4096) == -1) unable("listen");
  if (getsockname(listener,(struct sockaddr *) &sa,&len) == -1) unable("learn the port");
  ours(listener);
  f = fopen("control/smtproutes","w");
  if (!f || fprintf(f,":127.0.0.1:%u\n",(unsigned int) ntohs(sa.sin_port)) < 0 || fclose(f) == EOF)
    unable("write control/smtproutes");
  room = asked + SPARE;
  clients = calloc(room,sizeof *clients);
  if (!clients) unable("find memory");
}

/* One whose answers do not get through will hang up, and that is seen. */
static void reply(struct client *c,const char *line)
{
  ssize_t w = write(c->fd,line,strlen(line));

  (void) w;
}

static void greet(struct client *c)
{
  reply(c,"220 sink.invalid ESMTP\r\n");
}

static void open_gate(void)
{
  unsigned long i;

  gate = 1;
  for (i = 0;i < present;++i) greet(clients[i]);
}

/* takes in the next one who knocks; returns 0 if there is none */
static int welcome(void)
{
  struct client *c;
  int fd = accept(listener,0,0);

  if (fd == -1) {
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return 0;
    unable("accept a connection");
  }
  ours(fd);
  c = calloc(1,sizeof *c);
  if (!c) unable("find memory");
  c->fd = fd;
  clients[present++] = c;
  count(1);
  arrived = news;
  if (gate) greet(c);
  return 1;
}

static void leave(unsigned long i)
{
  struct client *c = clients[i];

  if (!c->taken) { ++dropped; count(-1); }
  close(c->fd);
  free(c);
  clients[i] = clients[--present];
}

static void take_mail(struct client *c)
{
  print_hex("mail",c->said,c->len);
  if (!c->taken) count(-1);
  c->taken = 1;
  c->data = 0;
  reply(c,"250 taken\r\n");
}

static int is(const struct client *c,const char *verb)
{
  return c->len - c->start > 4 && !strncasecmp(c->said + c->start,verb,4);
}

/* does what a line asks for; returns 0 if that is to leave */
static int line(struct client *c)
{
  if (c->data) {
    if (c->len - c->start != 3 || memcmp(c->said + c->start,".\r\n",3)) return 1;
    take_mail(c);
    c->len = 0;
  }
  else if (is(c,"RCPT")) { c->rcpt = 1; reply(c,"250 ok\r\n"); return 1; }
  else if (is(c,"DATA") && c->rcpt) { c->data = 1; reply(c,"354 go on\r\n"); return 1; }
  else if (is(c,"QUIT")) { reply(c,"221 goodbye\r\n"); return 0; }
  else if (is(c,"HELO") || is(c,"EHLO") || is(c,"MAIL") || is(c,"RSET") || is(c,"NOOP"))
    reply(c,"250 ok\r\n");
  else { reply(c,"502 unknown\r\n"); c->len = c->start; return 1; }
  c->len = 0;
  c->rcpt = 0;
  return 1;
}

static int take(struct client *c,char ch)
{
  if (c->len == LONGEST) return 0; /* no mail of ours */
  c->said[c->len++] = ch;
  if (ch != '\n') return 1;
  if (!line(c)) return 0;
  c->start = c->len;
  return 1;
}

static void serve(unsigned long i)
{
  char buf[1024];
  ssize_t r = read(clients[i]->fd,buf,sizeof buf);
  ssize_t n;

  if (r == -1 && (errno == EAGAIN || errno == EINTR)) return;
  for (n = 0;n < r;++n)
    if (!take(clients[i],buf[n])) break;
  if (r <= 0 || n < r) leave(i);
}


/* ALL OF IT */

/* waits for something to happen, and sees to it */
static void step(int milliseconds)
{
  static struct pollfd *x;
  unsigned long i;

  if (!x) x = calloc(room + 3,sizeof *x);
  if (!x) unable("find memory");
  x[0].fd = from;
  x[0].events = POLLIN;
  x[1].fd = unsent ? to : -1;
  x[1].events = POLLOUT;
  x[2].fd = present < room ? listener : -1;
  x[2].events = POLLIN;
  for (i = 0;i < present;++i) {
    x[i + 3].fd = clients[i]->fd;
    x[i + 3].events = POLLIN;
  }
  if (poll(x,present + 3,milliseconds) == -1) {
    if (errno == EINTR) return;
    unable("wait");
  }
  if (x[0].fd != -1 && x[0].revents) hear();
  if (x[1].fd != -1 && x[1].revents) send_commands();
  /* Who leaves is replaced by the last one: from there on, all have been seen. */
  for (i = present;i;--i) if (x[i + 2].revents) serve(i - 1);
  if (x[2].fd != -1 && x[2].revents) while (present < room && welcome()) ;
}

static void deliver(unsigned long asked,long long quiet,long long patience,long long limit)
{
  began = arrived = now();
  /* Who has been reported already will not come to the gate any more. */
  while (level + reports < asked && from != -1 && now() - arrived < quiet && now() - began < patience)
    step(100);
  open_gate();
  news = now();
  while (reports < asked && from != -1 && now() - news < quiet && now() - began < limit) step(100);
  printf("taken-within %lld\n",now() - began);
}

static void finish(void)
{
  long long end = now() + ENDING * SECOND;
  pid_t ended = 0;
  int wstat;

  unsent = 0;
  close(to);
  while (!(ended = waitpid(pid,&wstat,WNOHANG)) && now() < end) step(20);
  if (ended == -1) unable("wait for qmail-rspawn");
  if (ended) printf("exit %d\n",WIFEXITED(wstat) ? WEXITSTATUS(wstat) : -WTERMSIG(wstat));
  /* Once it is reaped its id is still that of its group, if anybody is left in there. */
  printf("left-over %d\n",!ended || !kill(-pid,0));
  kill(-pid,SIGKILL);
  pid = 0;
  while (present) leave(present - 1);
  printf("dropped %lu\n",dropped);
}

int main(int argc,char **argv)
{
  unsigned long asked;
  long limit;

  if (argc != 11) { fprintf(stderr,"inside: ten arguments\n"); return 99; }
  width = (unsigned int) atoi(argv[4]);
  asked = strtoul(argv[6],0,10);
  limit = atol(argv[10]);
  if (chdir(argv[3]) == -1) unable("enter the home folder");
  signal(SIGPIPE,SIG_IGN);
  signal(SIGALRM,too_late);
  signal(SIGTERM,too_late);
  alarm((unsigned int) limit + SPARE);
  raise_limit(RLIMIT_NOFILE,"descriptors");
  raise_limit(RLIMIT_NPROC,"processes");
  read_commands();
  listen_for(asked);
  start(argv[1],argv[2],(rlim_t) strtoul(argv[7],0,10));
  if (greeting(width,strtoul(argv[5],0,10)))
    deliver(asked,atol(argv[8]) * SECOND,atol(argv[9]) * SECOND,limit * SECOND);
  finish();
  return 0;
}
