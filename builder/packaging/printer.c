/* Stands in for install.c: hier() calls these to install; here each call becomes one line of seven fields
   with tabs between them: the call, mode, uid, gid, length, home, and the path below home; c has the file as well. */

#include <stdio.h>

extern void hier(void);

static void call(const char *name,int mode,int uid,int gid,int len,const char *home,const char *path)
{
  printf("%s\t%o\t%d\t%d\t%d\t%s\t%s",name,(unsigned int) mode,uid,gid,len,home,path);
}

void h(char *home,int uid,int gid,int mode)
{
  call("h",mode,uid,gid,0,home,"");
  putchar('\n');
}

void d(char *home,char *subdir,int uid,int gid,int mode)
{
  call("d",mode,uid,gid,0,home,subdir);
  putchar('\n');
}

void c(char *home,char *subdir,char *file,int uid,int gid,int mode)
{
  call("c",mode,uid,gid,0,home,subdir);
  printf("\t%s\n",file);
}

void p(char *home,char *fifo,int uid,int gid,int mode)
{
  call("p",mode,uid,gid,0,home,fifo);
  putchar('\n');
}

void z(char *home,char *file,int len,int uid,int gid,int mode)
{
  call("z",mode,uid,gid,len,home,file);
  putchar('\n');
}

int main(void)
{
  hier();
  return fflush(stdout) || ferror(stdout) ? 111 : 0;
}
