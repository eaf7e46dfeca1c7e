#include "auto_qmail.h"
#include "auto_uids.h"
#include "hier.h"

void hier(void)
{
  h(auto_qmail,auto_uido,auto_gidq,0755);

  d(auto_qmail,"bin",auto_uido,auto_gidq,0755);
  d(auto_qmail,"control",auto_uido,auto_gidq,0755);
  d(auto_qmail,"man",auto_uido,auto_gidq,0755);
  d(auto_qmail,"man/man8",auto_uido,auto_gidq,0755);
  d(auto_qmail,"queue",auto_uidq,auto_gidq,0750);
  d(auto_qmail,"queue/mess",auto_uidq,auto_gidq,0750);
  d(auto_qmail,"queue/mess/0",auto_uidq,auto_gidq,0750);

  c(auto_qmail,"bin","qmail-remote",auto_uido,auto_gidq,0755);
  c(auto_qmail,"bin","qmail-rspawn",auto_uido,auto_gidq,0711);
  c(auto_qmail,"man/man8","qmail-remote.8",auto_uido,auto_gidq,0644);
  c(auto_qmail,"man/man8","qmail-rspawn.8",auto_uido,auto_gidq,0644);
}
