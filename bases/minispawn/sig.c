#include <signal.h>
#include "sig.h"

static void handle(int sig,void (*f)(int))
{
  struct sigaction sa;

  sa.sa_handler = f;
  sa.sa_flags = 0;
  sigemptyset(&sa.sa_mask);
  sigaction(sig,&sa,0);
}

static void mask(int how,int sig)
{
  sigset_t set;

  sigemptyset(&set);
  sigaddset(&set,sig);
  sigprocmask(how,&set,0);
}

void sig_pipeignore(void) { handle(SIGPIPE,SIG_IGN); }
void sig_childcatch(void (*f)(int)) { handle(SIGCHLD,f); }
void sig_childblock(void) { mask(SIG_BLOCK,SIGCHLD); }
void sig_childunblock(void) { mask(SIG_UNBLOCK,SIGCHLD); }
