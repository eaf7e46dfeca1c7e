#include <unistd.h>
#include "auto_spawn.h"
#include "fmt.h"
#include "select.h"
#include "subfd.h"

/* refuses a conf-spawn that spawn.c could not keep */

static void number(unsigned long u)
{
  char num[FMT_ULONG];

  substdio_put(subfderr,num,fmt_ulong(num,u));
}

static _Noreturn void refuse(const char *why,unsigned long limit)
{
  substdio_puts(subfderr,"conf-spawn is ");
  number((unsigned long) auto_spawn);
  substdio_puts(subfderr,". ");
  substdio_puts(subfderr,why);
  number(limit);
  substdio_putsflush(subfderr,".\n");
  _exit(1);
}

/* a delivery takes two descriptors, spawn.c itself up to five */
static void check_descriptors(void)
{
  unsigned long limit = (sizeof(fd_set) * 8 - 5) / 2;

  if ((unsigned long) auto_spawn > limit)
    refuse("This system's fd_set holds so few descriptors that it must be at most ",limit);
}

static void check_wire(void)
{
  if (auto_spawn < 1)
    refuse("It must be at least ",1);
  if (auto_spawn > 255)
    refuse("A delivery number is one byte, so it must be at most ",255);
}

int main(void)
{
  check_wire();
  check_descriptors();
  _exit(0);
}
