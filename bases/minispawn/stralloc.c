#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "stralloc.h"

/* makes room for n more bytes */
int stralloc_readyplus(stralloc *sa,unsigned int n)
{
  unsigned int want;
  char *s;

  if (n > UINT_MAX / 2 - sa->len) return 0;
  want = sa->len + n;
  if (sa->s && want <= sa->a) return 1;
  want += want / 8 + 32;
  s = realloc(sa->s,want);
  if (!s) return 0;
  sa->s = s;
  sa->a = want;
  return 1;
}

int stralloc_catb(stralloc *sa,const char *buf,unsigned int n)
{
  if (!stralloc_readyplus(sa,n)) return 0;
  memcpy(sa->s + sa->len,buf,n);
  sa->len += n;
  return 1;
}

int stralloc_cats(stralloc *sa,const char *s)
{
  size_t n = strlen(s);

  if (n > UINT_MAX / 2) return 0;
  return stralloc_catb(sa,s,(unsigned int) n);
}

int stralloc_copys(stralloc *sa,const char *s)
{
  unsigned int len = sa->len;

  sa->len = 0;
  if (stralloc_cats(sa,s)) return 1;
  sa->len = len;
  return 0;
}

int stralloc_append(stralloc *sa,const char *ch)
{
  return stralloc_catb(sa,ch,1);
}

int stralloc_0(stralloc *sa)
{
  return stralloc_catb(sa,"",1);
}
