#ifndef SCAN_H
#define SCAN_H

/* reads a decimal number into *u; returns the number of digits, 0 if none */
extern unsigned int scan_ulong(const char *s,unsigned long *u);

#endif
