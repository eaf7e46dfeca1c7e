#!/bin/sh
# Speaks two-byte delivery numbers with the tree's own qmail-rspawn and, where
# the base has one, qmail-send, both linked again for a private home directory.
set -u

home=$(pwd)/wire.home
unable() { echo "$1"; exit 99; }

# 65000 slots with few descriptors in use: chkspawn's other question, how many
# descriptors spawn.c can wait for, is not asked here.
private_home() {
  printf 'char auto_qmail[] = "%s";\n' "$home" > auto_qmail.c
  printf 'int auto_spawn = 65000;\n' > auto_spawn.c
  sed "s/= .*;/= $(id -u);/" auto_uids.c > auto_uids.c.new && mv auto_uids.c.new auto_uids.c
  rm -f auto_qmail.o auto_spawn.o auto_uids.o
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

driver() {
  cp "$CHECK_DIR/$1.c" . && ./compile "$1.c" && ./load "$1" || unable "cannot compile $1.c"
}

spawn_side() {
  mkdir -p "$home/queue/mess/0" "$home/bin"
  echo 'Subject: wire check' > "$home/queue/mess/0/1"
  mkfifo "$home/hold" || unable "cannot make a fifo"
  cat > "$home/bin/qmail-remote" <<'REMOTE'
#!/bin/sh
case $1 in hold.example) read -r x < "$HOLD";; esac
printf 'r\000Kwire check\n\000'
REMOTE
  chmod 755 "$home/bin/qmail-remote"
  HOLD="$home/hold" PATH="$home/bin:$PATH" ./wire ./qmail-rspawn 65000 || exit 1
}

# One message to 32770 recipients, as qmail-send finds it when it starts.
send_side() {
  split=$(head -n 1 conf-split)
  queue=$home/queue
  mkdir -p "$home/control" "$queue/lock" "$queue/todo" "$queue/intd" "$queue/bounce"
  i=0
  while [ "$i" -lt "$split" ]; do
    mkdir -p "$queue/mess/$i" "$queue/info/$i" "$queue/local/$i" "$queue/remote/$i"
    i=$((i + 1))
  done
  echo me.example > "$home/control/me"
  echo 50000 > "$home/control/concurrencyremote"
  : > "$queue/lock/sendmutex"
  mkfifo "$queue/lock/trigger" || unable "cannot make a fifo"
  dir=$((1 % split))
  echo 'Subject: wire check' > "$queue/mess/$dir/1"
  printf 'Fsender@me.example\000' > "$queue/info/$dir/1"
  awk 'BEGIN { for (i = 0; i < 32770; ++i) printf "Tr@h.example|" }' | tr '|' '\000' > "$queue/remote/$dir/1"
  ./send ./qmail-send "$queue/remote/$dir/1" || exit 1
}

private_home
relink qmail-rspawn
driver wire
spawn_side
proven="qmail-rspawn speaks"

# channels and an external todo give qmail-send more descriptors than send.c plays
if [ -f qmail-send.c ] && [ ! -f conf-channels ] && [ ! -f qmail-todo.c ]; then
  relink qmail-send
  driver send
  send_side
  proven="qmail-rspawn and qmail-send speak"
fi

echo "$proven two-byte delivery numbers, low byte first, with slots above 32767 in use."
