/*
offsets FILE: moves about in FILE, a sparse one, through the tree's seek.a and
compares each answer with what the kernel says itself.
Exit 0: all answers agree; 1: one does not, and stdout says which;
2: no such offsets here, and stdout says why. Nothing is written but holes.
*/
#include <sys/types.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "seek.h"

#define GIB (1024UL * 1024UL * 1024UL)

static int fd;

/* 3 GiB is negative as an int, 4 GiB - 1 is -1, and of the rest 32 bits keep too little. */
static unsigned long where[] = { 3 * GIB, 4 * GIB - 1, 4 * GIB + 5, 6 * GIB + 1 };

static int wrong(const char *function, unsigned long pos, long got)
{
  printf("%s: at offset %lu it gave %ld\n",function,pos,got);
  return 1;
}

static off_t kernel_offset(void)
{
  return lseek(fd,(off_t) 0,SEEK_CUR);
}

static int wrong_at(unsigned long pos)
{
  struct stat st;

  if (seek_set(fd,(seek_pos) pos) != 0) return wrong("seek_set",pos,-1L);
  if (kernel_offset() != (off_t) pos) return wrong("seek_set",pos,(long) kernel_offset());

  if (seek_cur(fd) != pos) return wrong("seek_cur",pos,(long) seek_cur(fd));

  if (seek_trunc(fd,(seek_pos) pos) != 0) return wrong("seek_trunc",pos,-1L);
  if (fstat(fd,&st) == -1) return wrong("fstat",pos,-1L);
  if (st.st_size != (off_t) pos) return wrong("seek_trunc",pos,(long) st.st_size);

  if (seek_begin(fd) != 0) return wrong("seek_begin",0UL,-1L);
  if (seek_end(fd) != 0) return wrong("seek_end",pos,-1L);
  if (kernel_offset() != (off_t) pos) return wrong("seek_end",pos,(long) kernel_offset());
  return 0;
}

int main(int argc,char **argv)
{
  unsigned int i;

  if (sizeof(off_t) < 8) { printf("a file offset has no 64 bits here\n"); return 2; }
  if (argc < 2) { printf("usage: offsets FILE\n"); return 2; }

  fd = open(argv[1],O_RDWR | O_CREAT | O_TRUNC,0600);
  if (fd == -1) { printf("cannot create %s\n",argv[1]); return 2; }
  if (ftruncate(fd,(off_t) (8 * GIB)) == -1) {
    printf("the file system has no sparse file of 8 GiB\n");
    return 2;
  }

  for (i = 0;i < sizeof(where) / sizeof(where[0]);++i)
    if (wrong_at(where[i])) return 1;
  return 0;
}
