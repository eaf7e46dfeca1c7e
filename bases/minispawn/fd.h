#ifndef FD_H
#define FD_H

/* both return 0, or -1 with errno set */
extern int fd_copy(int to,int from);
extern int fd_move(int to,int from); /* closes from, unless it is to */

#endif
