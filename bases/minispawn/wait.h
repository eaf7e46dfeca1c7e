#ifndef WAIT_H
#define WAIT_H

/* returns the number of a child that has just died, 0 or -1 if none has */
extern int wait_nohang(int *wstat);

extern int wait_crashed(int wstat);
extern int wait_exitcode(int wstat);

#endif
