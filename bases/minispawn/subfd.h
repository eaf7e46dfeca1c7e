#ifndef SUBFD_H
#define SUBFD_H

#include "substdio.h"

extern substdio *subfdout;
extern substdio *subfderr;

#endif
