#include <sys/types.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include "route.h"
#include "scan.h"

#define SMTP_PORT 25

/* the part after the colon of the line for exactly this domain, or 0 */
static const char *find(const stralloc *routes,const char *domain)
{
  const char *end = routes->s + routes->len;
  const char *line;
  size_t n = strlen(domain);

  if (!routes->len) return 0;
  for (line = routes->s;line < end;line += strlen(line) + 1)
    if (!strncasecmp(line,domain,n) && line[n] == ':') return line + n + 1;
  return 0;
}

/* the closest line: host, its parents with their dots, then the empty one */
static const char *closest(const stralloc *routes,const char *host)
{
  const char *relay;

  for (;;) {
    relay = find(routes,host);
    if (relay || !*host) return relay;
    host = strchr(host + 1,'.');
    if (!host) host = "";
  }
}

/* len bytes of s, with or without brackets, as an IP address */
static int address(struct in_addr *ip,const char *s,size_t len)
{
  char text[INET_ADDRSTRLEN];

  if (len >= 2 && s[0] == '[' && s[len - 1] == ']') {
    ++s;
    len -= 2;
  }
  if (len >= sizeof text) return 0;
  memcpy(text,s,len);
  text[len] = 0;
  return inet_pton(AF_INET,text,ip) == 1;
}

/* an empty port is SMTP's own */
static int port_number(in_port_t *port,const char *s)
{
  unsigned long u = SMTP_PORT;

  if (*s && (s[scan_ulong(s,&u)] || !u || u > 65535)) return 0;
  *port = htons((in_port_t) u);
  return 1;
}

int route(struct sockaddr_in *sin,const stralloc *routes,const char *host)
{
  const char *relay = closest(routes,host);
  const char *port = "";
  size_t len;

  memset(sin,0,sizeof *sin);
  sin->sin_family = AF_INET;
  sin->sin_port = htons(SMTP_PORT);

  /* A route without a relay means: straight to the host. */
  if (!relay || !*relay) return address(&sin->sin_addr,host,strlen(host));

  len = strcspn(relay,":");
  if (relay[len]) port = relay + len + 1;
  if (!address(&sin->sin_addr,relay,len)) return -1;
  return port_number(&sin->sin_port,port) ? 1 : -1;
}
