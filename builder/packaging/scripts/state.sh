# What the programs write to is made once and then left alone: a running qmail-send keeps its lock and its trigger over
# an upgrade. The folders belong to qmail's users, so nothing here follows a link that one of them may have put there.

absent() {
  test ! -e "$1" && test ! -L "$1"
}

give_up() {
  rm -f "$1"
  echo "$1 could not be made." >&2
  exit 1
}

# By umask and not with chmod or mkfifo -m, which follow links or need /proc.
make_fifo() { # path umask owner
  if absent "$1"; then
    (umask "$2" && mkfifo "$1" && chown -h "$3" "$1") || give_up "$1"
  fi
}

make_file() { # path umask owner size
  if absent "$1"; then
    (set -C && umask "$2" && head -c "$4" /dev/zero >"$1" && chown -h "$3" "$1") || give_up "$1"
  fi
}
