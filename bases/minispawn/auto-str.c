#include <unistd.h>
#include "subfd.h"

/* auto-str name value: the C text of a string */

static void outs(const char *s)
{
  if (substdio_puts(subfdout,s) == -1) _exit(111);
}

/* octal needs no thought about what a compiler does with \, ? or a quote */
static void outoctal(unsigned char ch)
{
  char s[5];

  s[0] = '\\';
  s[1] = (char) ('0' + (ch >> 6));
  s[2] = (char) ('0' + (ch >> 3 & 7));
  s[3] = (char) ('0' + (ch & 7));
  s[4] = 0;
  outs(s);
}

int main(int argc,char **argv)
{
  char *value;

  if (argc != 3) _exit(100);
  outs("char ");
  outs(argv[1]);
  outs("[] = \"\\\n");
  for (value = argv[2];*value;++value) outoctal((unsigned char) *value);
  outs("\\\n\";\n");
  if (substdio_flush(subfdout) == -1) _exit(111);
  _exit(0);
}
