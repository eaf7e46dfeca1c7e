#ifndef FMT_H
#define FMT_H

#define FMT_ULONG 40 /* enough for an unsigned long in decimal, and its NUL */

/* writes u in decimal, and no NUL; returns the number of digits */
extern unsigned int fmt_ulong(char *s,unsigned long u);

#endif
