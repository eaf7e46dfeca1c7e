#ifndef ROUTE_H
#define ROUTE_H

#include <netinet/in.h>
#include "stralloc.h"

/* finds where mail for host goes, without DNS.
   routes: the lines of control/smtproutes, each ended by a NUL.
   Fills in *sin; returns 1, 0 if no line is meant for host and host is no
   address itself, or -1 if the line does not name an address. */
extern int route(struct sockaddr_in *sin,const stralloc *routes,const char *host);

#endif
