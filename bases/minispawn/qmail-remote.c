#include <sys/types.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <string.h>
#include <unistd.h>
#include "auto_qmail.h"
#include "control.h"
#include "route.h"
#include "scan.h"
#include "sig.h"
#include "stralloc.h"
#include "substdio.h"
#include "timeout.h"

/* qmail-remote host sender recip ... <message
   Carries one message to one host by SMTP and writes what became of it:
   r, h or s and a text for each recipient, then K, Z or D and a text for
   the message, each ended by a NUL. Always exits 0. */

#define REPLYMAX 5000 /* more of a server's reply is not repeated */

static stralloc me;
static stralloc routes;
static int timeoutconnect = 60; /* seconds */
static int timeoutremote = 1200;

static char peer[INET_ADDRSTRLEN]; /* the address we talk to, for reports */
static stralloc reply; /* the server's last reply, ended by a NUL */
static int flagcritical; /* 1: the whole message is sent, no answer yet */


/* REPORTS */

static ssize_t writeop(int fd,char *buf,size_t len) { return write(fd,buf,len); }
static char outbuf[256];
static substdio ssout = SUBSTDIO_FDBUF(writeop,1,outbuf,sizeof outbuf);

static void out(const char *s)
{
  if (substdio_puts(&ssout,s) == -1) _exit(0);
}

static void outzero(void)
{
  if (substdio_put(&ssout,"",1) == -1) _exit(0);
}

static void outreply(void)
{
  out("Remote host said: ");
  out(reply.s);
}

static _Noreturn void done(void)
{
  outzero();
  substdio_flush(&ssout);
  _exit(0);
}

static _Noreturn void fail(const char *s)
{
  out(s);
  done();
}

static _Noreturn void nomem(void) { fail("ZOut of memory. (#4.3.0)\n"); }


/* CONNECTION */

static int smtpfd;

static _Noreturn void dropped(void)
{
  out("ZConnected to ");
  out(peer);
  out(" but connection died. ");
  if (flagcritical) out("Possible duplicate! ");
  fail("(#4.4.2)\n");
}

static ssize_t smtpread(int fd,char *buf,size_t len)
{
  return timeoutread(timeoutremote,fd,buf,len);
}

static ssize_t smtpwrite(int fd,char *buf,size_t len)
{
  return timeoutwrite(timeoutremote,fd,buf,len);
}

static char smtpinbuf[1024];
static substdio smtpfrom;
static char smtpoutbuf[4096];
static substdio smtpto;

static void connect_to(const struct sockaddr_in *sin)
{
  inet_ntop(AF_INET,&sin->sin_addr,peer,sizeof peer);
  smtpfd = socket(AF_INET,SOCK_STREAM,0);
  if (smtpfd == -1) fail("ZSystem resources temporarily unavailable. (#4.3.0)\n");
  if (timeoutconn(timeoutconnect,smtpfd,sin) == -1)
    fail("ZSorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n");
  substdio_fdbuf(&smtpfrom,smtpread,smtpfd,smtpinbuf,sizeof smtpinbuf);
  substdio_fdbuf(&smtpto,smtpwrite,smtpfd,smtpoutbuf,sizeof smtpoutbuf);
}

static void smtp_put(const char *s,size_t len)
{
  if (substdio_put(&smtpto,s,len) == -1) dropped();
}

static void smtp_puts(const char *s)
{
  smtp_put(s,strlen(s));
}

static void smtp_flush(void)
{
  if (substdio_flush(&smtpto) == -1) dropped();
}

static char smtp_get(void)
{
  char ch;

  if (substdio_getc(&smtpfrom,&ch) != 1) dropped();
  return ch;
}

/* reads one line of a reply. head: its first four bytes, padded with NULs */
static void reply_line(char *head)
{
  unsigned int n = 0;
  char ch;

  memset(head,0,4);
  do {
    ch = smtp_get();
    if (n < 4 && ch != '\n') head[n++] = ch;
    if (ch == '\r') continue;
    if (!ch) ch = '?'; /* a NUL would end our report */
    if (reply.len < REPLYMAX)
      if (!stralloc_append(&reply,&ch)) nomem();
  } while (ch != '\n');
}

/* reads a whole reply, of one line or more; returns its code, 0 if none */
static unsigned long smtpcode(void)
{
  unsigned long code;
  char head[5];

  head[4] = 0;
  reply.len = 0;
  do
    reply_line(head);
  while (head[3] == '-');
  if (!stralloc_0(&reply)) nomem();
  return scan_ulong(head,&code) == 3 ? code : 0;
}


/* CONVERSATION */

/* The verdict stands whether this arrives or not. */
static void goodbye(void)
{
  smtp_puts("QUIT\r\n");
  substdio_flush(&smtpto);
}

/* ends the conversation; prefix starts with K, Z or D */
static _Noreturn void quit(const char *prefix,const char *text)
{
  goodbye();
  out(prefix);
  out(peer);
  out(text);
  out(".\n");
  outreply();
  done();
}

/* 4xx and 5xx end the conversation */
static void must_accept(unsigned long code,const char *text)
{
  if (code >= 500) quit("DConnected to ",text);
  if (code >= 400 || !code) quit("ZConnected to ",text);
}

static int has_control(const char *s)
{
  for (;*s;++s) if ((unsigned char) *s < 32 || *s == 127) return 1;
  return 0;
}

static int is_atom(const char *s,size_t len)
{
  size_t i;

  for (i = 0;i < len;++i) if (strchr(" ()<>[]:;@\\,\"",s[i])) return 0;
  return len > 0;
}

/* an address; its local part in quotes where SMTP wants them */
static void put_address(const char *s)
{
  const char *at = strrchr(s,'@');
  size_t len = at ? (size_t) (at - s) : strlen(s);
  size_t i;

  if (!*s || is_atom(s,len)) {
    smtp_puts(s);
    return;
  }
  smtp_put("\"",1);
  for (i = 0;i < len;++i) {
    if (s[i] == '"' || s[i] == '\\') smtp_put("\\",1);
    smtp_put(s + i,1);
  }
  smtp_put("\"",1);
  smtp_puts(s + len);
}

static void command(const char *start,const char *address,const char *end)
{
  smtp_puts(start);
  put_address(address);
  smtp_puts(end);
  smtp_flush();
}

/* returns 1 if the server takes this recipient */
static int recipient(const char *address)
{
  unsigned long code;

  command("RCPT TO:<",address,">\r\n");
  code = smtpcode();
  if (code >= 200 && code < 400) {
    out("r");
    outzero();
    return 1;
  }
  out(code >= 500 ? "h" : "s");
  out(peer);
  out(" does not like recipient.\n");
  outreply();
  outzero();
  return 0;
}

static ssize_t readop(int fd,char *buf,size_t len) { return read(fd,buf,len); }
static char inbuf[4096];
static substdio ssin = SUBSTDIO_FDBUF(readop,0,inbuf,sizeof inbuf);

/* the message: lines end in CR LF, a dot in front of one is doubled */
static void blast(void)
{
  char last = '\n';
  char ch;
  int r;

  while ((r = substdio_getc(&ssin,&ch)) == 1) {
    if (ch == '.' && last == '\n') smtp_put(".",1);
    if (ch == '\n') smtp_put("\r\n",2);
    else smtp_put(&ch,1);
    last = ch;
  }
  if (r == -1) fail("ZUnable to read message. (#4.3.0)\n");
  if (last != '\n') fail("DSMTP cannot transfer messages with partial final lines. (#5.6.2)\n");
  flagcritical = 1;
  smtp_puts(".\r\n");
  smtp_flush();
}

static _Noreturn void smtp(const char *sender,char **recips)
{
  unsigned long code;
  int accepted = 0;

  if (smtpcode() != 220) quit("ZConnected to "," but greeting failed");

  smtp_puts("HELO ");
  smtp_puts(me.s);
  smtp_puts("\r\n");
  smtp_flush();
  if (smtpcode() != 250) quit("ZConnected to "," but my name was rejected");

  command("MAIL FROM:<",sender,">\r\n");
  must_accept(smtpcode()," but sender was rejected");

  for (;*recips;++recips) accepted += recipient(*recips);
  if (!accepted) {
    goodbye();
    out("DGiving up on ");
    out(peer);
    fail(".\n");
  }

  smtp_puts("DATA\r\n");
  smtp_flush();
  must_accept(smtpcode()," but the server did not want the message");

  blast();
  code = smtpcode();
  flagcritical = 0;
  must_accept(code," but the server did not keep the message");
  quit("K"," accepted message");
}


/* MAIN */

static void read_control(void)
{
  if (control_readline(&me,"control/me") == 1)
    if (control_readfile(&routes,"control/smtproutes") != -1)
      if (control_readint(&timeoutconnect,"control/timeoutconnect") != -1)
        if (control_readint(&timeoutremote,"control/timeoutremote") != -1)
          return;
  fail("ZUnable to read control files. (#4.3.0)\n");
}

/* A line end in an address would be a command of its own. */
static void check_addresses(char **addresses)
{
  for (;*addresses;++addresses)
    if (has_control(*addresses)) fail("DAn address has a control character in it. (#5.1.3)\n");
}

int main(int argc,char **argv)
{
  struct sockaddr_in sin;

  sig_pipeignore();
  if (argc < 4) fail("DI (qmail-remote) was invoked improperly. (#5.3.5)\n");
  if (chdir(auto_qmail) == -1) fail("ZUnable to switch to home directory. (#4.3.0)\n");
  read_control();
  check_addresses(argv + 2);

  switch(route(&sin,&routes,argv[1])) {
    case 0: fail("DThere is no line for this host in control/smtproutes, and I do no DNS. (#5.1.2)\n");
    case -1: fail("ZA line of control/smtproutes names no IP address. (#4.3.5)\n");
  }
  connect_to(&sin);
  smtp(argv[2],argv + 3);
}
