#!/bin/sh
# probes.sh: are the answers of the tree's probes (fork.h, dns.lib, ...) right?
# Runs in a copy of the compiled tree. It first puts every question itself, with the
# properly declared programs of probes.c, into truth/. The tree's answers must equal
# that: as they were built, and once more when the probes are run again by a compiler
# that refuses undeclared functions. A probe that fails only because it does not
# compile answers "no" without a word; that is the fault this check is for.

strict="-Werror=implicit-function-declaration -Werror=implicit-int"

# can PROGRAM [LIBRARY...]: does it compile and link here?
can() {
  program=$1
  shift
  ./compile "-D$program" "$CHECK_DIR/probes.c" && ./load probes "$@"
} >/dev/null 2>&1

pipe_bug() {
  can ASK_PIPE_BUG && ./probes
}

# choice HEADER PROGRAM: HEADER2 is right where the program builds, else HEADER1
choice() {
  if can "$2"; then cp "${1}2" "truth/$1"; else cp "${1}1" "truth/$1"; fi
}

# macro HEADER MACRO COMMAND...: it is defined where the command succeeds
macro() {
  header=$1
  macro=$2
  shift 2
  if "$@"; then echo "#define $macro 1"; fi >"truth/$header"
}

# library FILE PROGRAM LIBRARY...: they are named where the program links with them
library() {
  file=$1
  program=$2
  shift 2
  if can "$program" "$@"; then echo "$@"; fi >"truth/$file"
}

# compare WHEN: ends the check at the first answer that is not the truth
compare() {
  for truth in truth/*; do
    answer=${truth#truth/}
    cmp -s "$truth" "$answer" && continue
    diff "$truth" "$answer"
    echo "$answer is wrong $1 ('<' above is right, '>' what the probe said)"
    exit 1
  done
}

can ASK_COMPILER || { echo "./compile and ./load make no program of 'int main'"; exit 99; }
mkdir truth || exit 99

choice fork.h ASK_VFORK
choice direntry.h ASK_DIRENT
choice select.h ASK_SELECT_H
choice uint32.h ASK_LONG_OF_32_BITS
macro hasflock.h HASFLOCK can ASK_FLOCK
macro hasmkffo.h HASMKFIFO can ASK_MKFIFO
macro hasnpbg1.h HASNAMEDPIPEBUG1 pipe_bug
macro hassalen.h HASSALEN can ASK_SA_LEN
macro hassgact.h HASSIGACTION can ASK_SIGACTION
macro hassgprm.h HASSIGPROCMASK can ASK_SIGPROCMASK
macro hasshsgr.h HASSHORTSETGROUPS can ASK_SHORT_GROUPS
macro haswaitp.h HASWAITPID can ASK_WAITPID
library socket.lib ASK_COMPILER -lsocket -lnsl
library dns.lib ASK_RESOLVER -lresolv $(cat truth/socket.lib)
[ -s truth/dns.lib ] && echo -lresolv >truth/dns.lib # the Makefile adds socket.lib itself
library syslog.lib ASK_SYSLOG -lgen

compare "in the built tree"

# The same questions, strictly. chkshsgr stops the build of hasshsgr.h for a user
# who is neither root nor in any further group: then that answer stays as it is.
sed "s/ -c / $strict -c /" compile >compile.strict
cat compile.strict >compile
can ASK_STRICT && { echo "the compiler does not know $strict"; exit 99; }

answers=$(cd truth && echo *)
./chkshsgr || answers=$(echo "$answers" | sed 's/hasshsgr.h//')
rm -f $answers
MAKEFLAGS= make -o compile -o load -o chkshsgr $answers >probes.log 2>&1 || {
  tail -5 probes.log
  echo "make cannot answer the probes' questions again"
  exit 1
}

compare "once undeclared functions are refused"
echo "all $(ls truth | wc -l | tr -d ' ') probes answer as a direct test does, also where undeclared functions are refused"
