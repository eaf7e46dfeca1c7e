#!/bin/sh
# offsets.sh: seek_set, seek_cur, seek_end and seek_trunc beyond 3 and 4 GiB.
# Runs in a copy of the compiled tree; the file it makes is all hole.

{ ./compile -I. "$CHECK_DIR/offsets.c" && ./load offsets seek.a; } >offsets.log 2>&1 || {
  cat offsets.log
  echo "offsets.c does not compile and link with this tree's seek.a"
  exit 99
}

./offsets offsets.sparse >offsets.log
code=$?
rm -f offsets.sparse

case $code in
  0) echo "seek.a moves, tells, finds the end and truncates correctly at 3, 4 and 6 GiB" ;;
  1) cat offsets.log; exit 1 ;;
  2) cat offsets.log; exit 99 ;;
  *) echo "offsets ended with status $code"; exit 1 ;;
esac
