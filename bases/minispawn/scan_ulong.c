#include "scan.h"

unsigned int scan_ulong(const char *s,unsigned long *u)
{
  unsigned int pos;

  *u = 0;
  for (pos = 0;s[pos] >= '0' && s[pos] <= '9';++pos)
    *u = *u * 10 + (unsigned long) (s[pos] - '0');
  return pos;
}
