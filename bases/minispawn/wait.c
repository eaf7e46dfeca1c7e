#include <sys/types.h>
#include <sys/wait.h>
#include "wait.h"

int wait_nohang(int *wstat)
{
  return (int) waitpid(-1,wstat,WNOHANG);
}

int wait_crashed(int wstat)
{
  return !WIFEXITED(wstat);
}

int wait_exitcode(int wstat)
{
  return WEXITSTATUS(wstat);
}
