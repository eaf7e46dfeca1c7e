#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include "big.h"

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

#define MEGABYTE 1048576UL
#define PIECE (4 * MEGABYTE)

static void give_up(char *why)
{
  printf("could not run: %s\n", why);
  fflush(stdout);
  _exit(99);
}

/* a file without a name, PIECE bytes of ch */
static int piece(int ch)
{
  char name[] = "big.XXXXXX";
  char *buf;
  int fd;

  fd = mkstemp(name);
  if (fd == -1) give_up("no temporary file");
  unlink(name);
  buf = malloc(PIECE);
  if (!buf) give_up("no memory");
  memset(buf, ch, PIECE);
  if (write(fd, buf, PIECE) != (ssize_t) PIECE) give_up("no room for a temporary file");
  free(buf);
  return fd;
}

static unsigned long rounded(unsigned long n)
{
  return (n + MEGABYTE - 1) & ~(MEGABYTE - 1);
}

char *big(unsigned long before, unsigned long same, int ch, unsigned long room)
{
  char *x;
  char *end;
  char *y;
  unsigned long n;
  int fd;

  before = rounded(before);
  same = rounded(same);
  room = rounded(room);
  x = mmap(0, before + same + room + MEGABYTE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (x == MAP_FAILED) give_up("not enough address space");
  x += before;
  end = x + same;
  if (same) {
    fd = piece(ch);
    for (y = x; y < end; y += n) {
      n = end - y < (long) PIECE ? (unsigned long) (end - y) : PIECE;
      if (mmap(y, n, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) give_up("mmap failed");
    }
    close(fd);
  }
  if (room) if (mprotect(end, room, PROT_READ | PROT_WRITE) == -1) give_up("mprotect failed");
  return x;
}

int passes(char *name, int (*test)(void))
{
  int status;
  pid_t pid;

  if (sizeof(char *) < 8) give_up("these lengths need a 64-bit system");
  fflush(stdout);
  pid = fork();
  if (pid == -1) give_up("cannot fork");
  if (!pid) {
    alarm(15);
    status = test();
    fflush(stdout);
    _exit(status);
  }
  if (waitpid(pid, &status, 0) != pid) give_up("cannot wait");
  if (WIFSIGNALED(status)) {
    printf("%s: crashed, signal %d\n", name, WTERMSIG(status));
    return 0;
  }
  if (WEXITSTATUS(status) == 99) _exit(99);
  printf("%s: %s\n", name, WEXITSTATUS(status) ? "WRONG" : "good");
  return !WEXITSTATUS(status);
}
