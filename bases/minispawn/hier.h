#ifndef HIER_H
#define HIER_H

/* calls h, d and c once for each thing to be installed, parents first */
extern void hier(void);

/* whoever links hier.o brings these: to install, to compare, to print */
extern void h(char *home,int uid,int gid,int mode);
extern void d(char *home,char *subdir,int uid,int gid,int mode);
extern void c(char *home,char *subdir,char *file,int uid,int gid,int mode);

#endif
