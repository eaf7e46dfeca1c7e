#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "error.h"
#include "fd.h"
#include "sig.h"
#include "spawn.h"
#include "wait.h"

/* Exit codes of a child that could not become a qmail-remote. */
#define TRY_AGAIN 111
#define HOPELESS 100

int spawn(int fdmess,int fdout,char *sender,char *recip,unsigned int at)
{
  char *args[5];
  int pid;

  args[0] = "qmail-remote";
  args[1] = recip + at + 1;
  args[2] = sender;
  args[3] = recip;
  args[4] = 0;

  /* vfork: copying the pages of a large spawner would cost more than all
     the rest of a delivery. The child only moves descriptors and execs. */
  pid = vfork();
  if (pid) return pid;

  sig_childunblock();
  if (fd_move(0,fdmess) == -1) _exit(TRY_AGAIN);
  if (fd_move(1,fdout) == -1) _exit(TRY_AGAIN);
  if (fd_copy(2,1) == -1) _exit(TRY_AGAIN);
  execvp(*args,args);
  _exit(error_temp(errno) ? TRY_AGAIN : HOPELESS);
}

/* what became of the child itself, if that settles the matter */
static const char *failure(int wstat,unsigned int len)
{
  if (wait_crashed(wstat)) return "Zqmail-remote crashed.\n";
  switch(wait_exitcode(wstat)) {
    case 0:
      return len ? 0 : "Zqmail-remote produced no output.\n";
    case TRY_AGAIN:
      return "ZUnable to run qmail-remote.\n";
  }
  return "DUnable to run qmail-remote.\n";
}

/* K, Z and D, from best to worst */
static int rank(char letter)
{
  if (letter == 'K') return 2;
  if (letter == 'Z') return 1;
  return 0;
}

/* the first K, Z or D string from s on, before end; 0 if there is none */
static const char *verdict(const char *s,const char *end)
{
  for (;s < end;s += strlen(s) + 1)
    if (*s == 'K' || *s == 'Z' || *s == 'D') return s;
  return 0;
}

/* qmail-remote writes a string for the recipient, r, h or s and a text,
   and one for the message, K, Z or D and a text; if it did not get as far
   as the recipient, the second alone. Each ends with a NUL. */
void report(substdio *ss,int wstat,const char *s,unsigned int len)
{
  const char *problem = failure(wstat,len);
  const char *end = s + len;
  const char *message;
  const char *second;
  char result = 'D';
  char total;

  if (problem) {
    substdio_puts(ss,problem);
    return;
  }

  /* A string that was cut off counts for nothing. */
  while (end > s && end[-1]) --end;

  message = verdict(s,end);
  if (message) result = *message;
  total = result;
  if (*s == 's') total = 'Z';
  if (*s == 'h') total = 'D';

  substdio_put(ss,&total,1);
  if (end == s) return;
  substdio_puts(ss,s + 1);
  second = s + strlen(s) + 1;
  /* For a recipient refused, a message accepted is no news. */
  if (rank(result) <= rank(total) && second < end)
    if (verdict(second,end) == second) substdio_puts(ss,second + 1);
}
