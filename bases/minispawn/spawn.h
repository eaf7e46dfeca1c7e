#ifndef SPAWN_H
#define SPAWN_H

#include "substdio.h"

/* what a spawner brings to spawn.c */

/* starts the program for one delivery. fdmess: the message; fdout: where
   the child writes; recip[at] is the @. Returns the child's number, or -1 */
extern int spawn(int fdmess,int fdout,char *sender,char *recip,unsigned int at);

/* writes K, Z or D and a text without NUL to ss. wstat: how the child died;
   s, len: what it wrote */
extern void report(substdio *ss,int wstat,const char *s,unsigned int len);

#endif
