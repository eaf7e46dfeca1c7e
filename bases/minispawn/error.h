#ifndef ERROR_H
#define ERROR_H

/* 1 if the same call may well succeed later */
extern int error_temp(int e);

#endif
