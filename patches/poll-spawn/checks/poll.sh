#!/bin/sh
# Gives qmail-rspawn thousands of open descriptors, so that its own pipes get
# numbers far above 1024, and has it deliver; then gives it fewer descriptors
# than slots.
set -u

home=$(pwd)/poll.home
unable() { echo "$1"; exit 99; }

private_home() {
  printf 'char auto_qmail[] = "%s";\n' "$home" > auto_qmail.c
  printf 'int auto_spawn = 250;\n' > auto_spawn.c
  sed "s/= .*;/= $(id -u);/" auto_uids.c > auto_uids.c.new && mv auto_uids.c.new auto_uids.c
  rm -f auto_qmail.o auto_spawn.o auto_uids.o
  mkdir -p "$home/queue/mess/0" "$home/bin"
  echo 'Subject: poll check' > "$home/queue/mess/0/1"
  mkfifo "$home/hold" || unable "cannot make a fifo"
  cat > "$home/bin/qmail-remote" <<'REMOTE'
#!/bin/sh
case $1 in hold.example) read -r x < "$HOLD";; esac
printf 'r\000Kpoll check\n\000'
REMOTE
  chmod 755 "$home/bin/qmail-remote"
}

# make PROGRAM, with everything else that is built left as it is
relink() {
  keep=
  for f in compile load makelib chkspawn auto_*.c *.a *.o; do
    [ -f "$f" ] && keep="$keep -o $f"
  done
  rm -f "$1"
  # shellcheck disable=SC2086
  make $keep "$1" > relink.log 2>&1 || unable "cannot link $1 again: $(tail -n 1 relink.log)"
}

# A select() of our own goes into the program, and ends it. Without it, one that
# writes beyond its fd_set may hit memory that nobody misses.
trap_select() {
  cp "$CHECK_DIR/noselect.c" . && ./compile noselect.c || unable "cannot compile noselect.c"
  mv load load.tree
  printf '#!/bin/sh\nexec ./load.tree "$@" noselect.o\n' > load
  chmod 755 load
}

private_home
trap_select
relink qmail-rspawn
mv load.tree load
cp "$CHECK_DIR/poll.c" poll-check.c
./compile poll-check.c && ./load poll-check || unable "cannot compile poll.c"

HOLD="$home/hold"
PATH="$home/bin:$PATH"
export HOLD PATH
./poll-check ./qmail-rspawn high || exit $?
./poll-check ./qmail-rspawn few || exit $?

echo "qmail-rspawn delivers with pipes numbered far above 1024, without spinning, and with fewer descriptors than slots."
