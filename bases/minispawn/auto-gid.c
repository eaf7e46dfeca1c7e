#include <sys/types.h>
#include <grp.h>
#include <unistd.h>
#include "autonum.h"

/* auto-gid name group: the C text of the group's number */

int main(int argc,char **argv)
{
  struct group *gr;

  if (argc != 3) _exit(100);
  gr = getgrnam(argv[2]);
  if (!gr) autonum_fail("unable to find group ",argv[2]);
  autonum(argv[1],gr->gr_gid);
}
