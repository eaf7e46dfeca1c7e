#ifndef CONTROL_H
#define CONTROL_H

#include "stralloc.h"

/* control files: blanks at the end of a line do not count, nor do empty
   lines and lines that start with #. All return 1; 0 if there is no such
   file; -1 with errno set if it cannot be read. */

/* every line, each ended by a NUL */
extern int control_readfile(stralloc *sa,const char *fn);

/* the first line, ended by a NUL; 0 also if there is no line */
extern int control_readline(stralloc *sa,const char *fn);

/* a number; *i stays as it was if the first line is none */
extern int control_readint(int *i,const char *fn);

#endif
