#include <errno.h>
#include "error.h"

int error_temp(int e)
{
  switch(e) {
    case EINTR: case ENOMEM: case EAGAIN: case ETXTBSY: case EIO: case ENFILE:
    case EMFILE: case ENOBUFS: case ENOSPC: case EDQUOT: case ESTALE:
      return 1;
  }
  return 0;
}
