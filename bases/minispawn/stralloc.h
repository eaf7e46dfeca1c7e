#ifndef STRALLOC_H
#define STRALLOC_H

/* a string that grows: len bytes of s are in use, a bytes are there */
typedef struct stralloc {
  char *s;
  unsigned int len;
  unsigned int a;
} stralloc;

/* all return 1, or 0 when out of memory; sa is then as it was */
extern int stralloc_readyplus(stralloc *sa,unsigned int n);
extern int stralloc_catb(stralloc *sa,const char *buf,unsigned int n);
extern int stralloc_cats(stralloc *sa,const char *s);
extern int stralloc_copys(stralloc *sa,const char *s);
extern int stralloc_append(stralloc *sa,const char *ch);
extern int stralloc_0(stralloc *sa);

#endif
