#!/bin/sh
# Compares the fd_set that spawn.c sees with the one that chkspawn.c sees, and
# waits with select() on high descriptors in one, with the compiler's checks of
# the C library off and on.
set -u

unable() { echo "$1"; exit 99; }

# the #include lines of $1 and then a test of our own
with_includes_of() {
  grep '^#include' "$1"
  cat "$2"
}

echo 'unsigned long chkspawn_bits = 8 * sizeof(fd_set);' > size.c
with_includes_of chkspawn.c size.c > fdset-chkspawn.c
with_includes_of spawn.c "$CHECK_DIR/fdset.c" > fdset-spawn.c

for level in 0 2 3; do
  flags="-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$level"
  # shellcheck disable=SC2086
  ./compile $flags fdset-chkspawn.c > compile.log 2>&1 || unable "chkspawn.c's #include lines do not compile: $(tail -n 1 compile.log)"
  # shellcheck disable=SC2086
  ./compile $flags fdset-spawn.c > compile.log 2>&1 || unable "spawn.c's #include lines do not compile: $(tail -n 1 compile.log)"
  ./load fdset-spawn fdset-chkspawn.o || unable "the test does not link"
  ./fdset-spawn
  case $? in
    0) ;;
    1|99) exit $? ;;
    *) echo "select() on a high descriptor crashes with -D_FORTIFY_SOURCE=$level"; exit 1 ;;
  esac
done

echo "spawn.c and chkspawn.c see one fd_set, with room for 65000 slots, and select() works on high descriptors in it, fortified or not."
