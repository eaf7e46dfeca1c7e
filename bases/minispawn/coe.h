#ifndef COE_H
#define COE_H

/* closes fd on exec */
extern int coe(int fd);

#endif
