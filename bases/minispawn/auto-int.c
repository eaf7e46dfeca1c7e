#include <limits.h>
#include <unistd.h>
#include "autonum.h"
#include "scan.h"

/* auto-int name value: the C text of an int */

int main(int argc,char **argv)
{
  unsigned long value;

  if (argc != 3) _exit(100);
  if (!scan_ulong(argv[2],&value) || value > INT_MAX)
    autonum_fail("not a number that fits: ",argv[2]);
  autonum(argv[1],value);
}
