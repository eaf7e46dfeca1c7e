#include <sys/types.h>
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "auto_qmail.h"
#include "auto_spawn.h"
#include "auto_uids.h"
#include "coe.h"
#include "select.h"
#include "sig.h"
#include "spawn.h"
#include "stralloc.h"
#include "substdio.h"
#include "wait.h"

/* Runs deliveries on numbered slots. Descriptor 0 brings commands,
   descriptor 1 takes the reports; qmail-send is at the other ends. */

#define OOM "Zqmail-spawn out of memory. (#4.3.0)\n"

struct delivery {
  int used;
  int fdin; /* the child's output comes in here */
  int fdout; /* the child's end, held open until it has died; then -1 */
  int pid; /* 0 once the child has died */
  int wstat; /* valid once pid is 0 */
  stralloc output;
};

static struct delivery *d; /* auto_spawn of them */


/* REPORTS */

static int flagwriting = 1;
static char outbuf[1024];
static substdio ssout;

/* With nobody left to read the reports, the deliveries go on all the same. */
static ssize_t okwrite(int fd,char *buf,size_t len)
{
  ssize_t w;

  if (!flagwriting) return (ssize_t) len;
  w = write(fd,buf,len);
  if (w != -1 || errno == EINTR) return w;
  flagwriting = 0;
  close(fd);
  return (ssize_t) len;
}

static void put_number(int n)
{
  char ch = (char) n;

  substdio_put(&ssout,&ch,1);
}

static void refuse(int n,const char *text)
{
  put_number(n);
  substdio_puts(&ssout,text);
  substdio_put(&ssout,"",1);
  substdio_flush(&ssout);
}

static void finish(int n)
{
  put_number(n);
  report(&ssout,d[n].wstat,d[n].output.s,d[n].output.len);
  substdio_put(&ssout,"",1);
  substdio_flush(&ssout);
  close(d[n].fdin);
  d[n].used = 0;
}


/* CHILDREN */

/* Closing our copy of the child's end makes fdin end: so the end of a
   child's output means that the child has died, too. */
static void child_died(int sig)
{
  int saved = errno;
  int wstat;
  int pid;
  int n;

  (void) sig;
  while ((pid = wait_nohang(&wstat)) > 0)
    for (n = 0;n < auto_spawn;++n)
      if (d[n].used && d[n].pid == pid) {
        close(d[n].fdout);
        d[n].fdout = -1;
        d[n].wstat = wstat;
        d[n].pid = 0;
      }
  errno = saved;
}

static void read_output(int n)
{
  char buf[512];
  ssize_t r;

  r = read(d[n].fdin,buf,sizeof buf);
  if (r == -1) return;
  if (r == 0) {
    finish(n);
    return;
  }
  while (!stralloc_catb(&d[n].output,buf,(unsigned int) r)) sleep(10);
}


/* COMMANDS */

/* what the next byte of input belongs to */
static enum { DELNUM, MESSID, SENDER, RECIP } stage = DELNUM;

static int delnum;
static stralloc messid;
static stralloc sender;
static stralloc recip;
static int flagabort; /* 1: of this command, only delnum is to be trusted */

static const char *bad_messid(void)
{
  unsigned int i;

  for (i = 0;messid.s[i];++i) {
    if (messid.s[i] >= '0' && messid.s[i] <= '9') continue;
    if (i && messid.s[i] == '/') continue;
    return "DInternal error: messid has nonnumerics. (#5.3.5)\n";
  }
  if (messid.len > 100) return "DInternal error: messid too long. (#5.3.5)\n";
  if (!messid.s[0]) return "DInternal error: messid too short. (#5.3.5)\n";
  return 0;
}

static const char *bad_command(void)
{
  if (flagabort) return OOM;
  if (delnum >= auto_spawn) return "ZInternal error: delnum too big. (#4.3.5)\n";
  if (d[delnum].used) return "ZInternal error: delnum in use. (#4.3.5)\n";
  return bad_messid();
}

static const char *bad_message(int fdmess)
{
  struct stat st;

  if (fstat(fdmess,&st) == -1) return "Zqmail-spawn unable to fstat message. (#4.3.0)\n";
  if (!S_ISREG(st.st_mode)) return "ZSorry, message has wrong type. (#4.3.5)\n";
  if (st.st_uid != (uid_t) auto_uidq) return "ZSorry, message has wrong owner. (#4.3.5)\n";
  return 0;
}

static const char *start_child(int fdmess,unsigned int at)
{
  int pi[2];
  int pid;

  if (pipe(pi) == -1) return "Zqmail-spawn unable to create pipe. (#4.3.0)\n";
  coe(pi[0]);

  pid = spawn(fdmess,pi[1],sender.s,recip.s,at);
  if (pid == -1) {
    close(pi[0]);
    close(pi[1]);
    return "Zqmail-spawn unable to fork. (#4.3.0)\n";
  }
  coe(pi[1]);

  d[delnum].fdin = pi[0];
  d[delnum].fdout = pi[1];
  d[delnum].pid = pid;
  d[delnum].used = 1;
  return 0;
}

static const char *start_delivery(void)
{
  const char *problem;
  char *at;
  int fdmess;

  if (!stralloc_copys(&d[delnum].output,"")) return OOM;

  at = strrchr(recip.s,'@');
  if (!at) return "DSorry, address must include host name. (#5.1.3)\n";

  fdmess = open(messid.s,O_RDONLY | O_NONBLOCK);
  if (fdmess == -1) return "Zqmail-spawn unable to open message. (#4.3.0)\n";

  problem = bad_message(fdmess);
  if (!problem) problem = start_child(fdmess,(unsigned int) (at - recip.s));
  close(fdmess);
  return problem;
}

static void do_command(void)
{
  const char *problem = bad_command();

  if (!problem) problem = start_delivery();
  if (problem) refuse(delnum,problem);
}

/* takes one byte of a field; returns 1 if it was the NUL at the end */
static int take(stralloc *field,char ch)
{
  if (!stralloc_append(field,&ch)) flagabort = 1;
  return !ch;
}

static void command_byte(char ch)
{
  switch(stage) {
    case DELNUM:
      delnum = (unsigned char) ch;
      flagabort = 0;
      messid.len = 0;
      sender.len = 0;
      recip.len = 0;
      stage = MESSID;
      break;
    case MESSID:
      if (take(&messid,ch)) stage = SENDER;
      break;
    case SENDER:
      if (take(&sender,ch)) stage = RECIP;
      break;
    case RECIP:
      if (take(&recip,ch)) {
        do_command();
        stage = DELNUM;
      }
      break;
  }
}

static int flagreading = 1;

static void read_commands(void)
{
  char buf[1024];
  ssize_t r;
  ssize_t i;

  r = read(0,buf,sizeof buf);
  if (r == -1 && errno == EINTR) return;
  if (r <= 0) {
    flagreading = 0;
    return;
  }
  for (i = 0;i < r;++i) command_byte(buf[i]);
}


/* WAITING */

/* returns when there is something to read; -1 if a signal came first */
static int wait_for_input(fd_set *rfds)
{
  int nfds = 1;
  int n;

  FD_ZERO(rfds);
  if (flagreading) FD_SET(0,rfds);
  for (n = 0;n < auto_spawn;++n)
    if (d[n].used) {
      FD_SET(d[n].fdin,rfds);
      if (d[n].fdin >= nfds) nfds = d[n].fdin + 1;
    }
  return select(nfds,rfds,0,0,0);
}

static int commands_waiting(const fd_set *rfds)
{
  return flagreading && FD_ISSET(0,rfds);
}

static int output_waiting(const fd_set *rfds,int n)
{
  return d[n].used && FD_ISSET(d[n].fdin,rfds);
}

static int idle(void)
{
  int n;

  for (n = 0;n < auto_spawn;++n) if (d[n].used) return 0;
  return 1;
}

int main(void)
{
  fd_set rfds;
  int r;
  int n;

  if (chdir(auto_qmail) == -1) _exit(111);
  if (chdir("queue/mess") == -1) _exit(111);

  d = calloc((size_t) auto_spawn,sizeof *d);
  if (!d) _exit(111);

  substdio_fdbuf(&ssout,okwrite,1,outbuf,sizeof outbuf);
  sig_pipeignore();
  sig_childcatch(child_died);

  put_number(auto_spawn);
  substdio_flush(&ssout);

  while (flagreading || !idle()) {
    /* Children are reaped here only, so no slot changes under our hands. */
    sig_childunblock();
    r = wait_for_input(&rfds);
    sig_childblock();
    if (r == -1) continue;

    if (commands_waiting(&rfds)) read_commands();
    for (n = 0;n < auto_spawn;++n)
      if (output_waiting(&rfds,n)) read_output(n);
  }
  _exit(0);
}
