#ifndef SIG_H
#define SIG_H

extern void sig_pipeignore(void);
extern void sig_childcatch(void (*f)(int));
extern void sig_childblock(void);
extern void sig_childunblock(void);

#endif
