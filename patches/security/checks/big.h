/* Long stretches of memory that cost next to no memory. */

/* Maps `before` bytes that may not be touched, then `same` bytes that all
   hold ch and can only be read, then `room` bytes that can be written, then
   again a stretch that may not be touched. Sizes are rounded up to whole
   megabytes. Returns where `same` begins; without the address space for it,
   this program ends with status 99. */
extern char *big(unsigned long before, unsigned long same, int ch, unsigned long room);

/* Runs test() in a child. A test returns 0 if all is well; it prints what is
   wrong and returns 1 otherwise. A crash, or 15 seconds, counts as wrong.
   Returns 1 if all was well, 0 if not. */
extern int passes(char *name, int (*test)(void));
