#include <unistd.h>
#include "autonum.h"
#include "fmt.h"
#include "subfd.h"

_Noreturn void autonum(const char *name,unsigned long value)
{
  char num[FMT_ULONG];

  num[fmt_ulong(num,value)] = 0;
  if (substdio_puts(subfdout,"int ") == -1) _exit(111);
  if (substdio_puts(subfdout,name) == -1) _exit(111);
  if (substdio_puts(subfdout," = ") == -1) _exit(111);
  if (substdio_puts(subfdout,num) == -1) _exit(111);
  if (substdio_putsflush(subfdout,";\n") == -1) _exit(111);
  _exit(0);
}

_Noreturn void autonum_fail(const char *what,const char *name)
{
  substdio_puts(subfderr,"fatal: ");
  substdio_puts(subfderr,what);
  substdio_puts(subfderr,name);
  substdio_putsflush(subfderr,"\n");
  _exit(111);
}
