#ifndef AUTONUM_H
#define AUTONUM_H

/* writes the C text of an int to standard output, and exits */
extern _Noreturn void autonum(const char *name,unsigned long value);

/* says why there is no value, and exits */
extern _Noreturn void autonum_fail(const char *what,const char *name);

#endif
