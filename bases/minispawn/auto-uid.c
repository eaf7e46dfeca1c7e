#include <sys/types.h>
#include <pwd.h>
#include <unistd.h>
#include "autonum.h"

/* auto-uid name user: the C text of the user's number */

int main(int argc,char **argv)
{
  struct passwd *pw;

  if (argc != 3) _exit(100);
  pw = getpwnam(argv[2]);
  if (!pw) autonum_fail("unable to find user ",argv[2]);
  autonum(argv[1],pw->pw_uid);
}
