/* Ends a program that waits with select(). No header says what select() is, so
   that it may look as it likes there. */

extern void _exit(int);

int select(int n,void *r,void *w,void *x,void *timeout)
{
  (void) n; (void) r; (void) w; (void) x; (void) timeout;
  _exit(66); /* poll.c knows the number */
  return -1;
}
