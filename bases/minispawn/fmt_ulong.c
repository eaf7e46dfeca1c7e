#include "fmt.h"

unsigned int fmt_ulong(char *s,unsigned long u)
{
  unsigned int len = 1;
  unsigned int i;
  unsigned long rest;

  for (rest = u;rest > 9;rest /= 10) ++len;
  for (i = len;i > 0;u /= 10) s[--i] = (char) ('0' + u % 10);
  return len;
}
