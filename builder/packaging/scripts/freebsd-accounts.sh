# The programs in this package have the numbers of these accounts compiled in, so no other numbers will do.

fail() {
  echo "$package: $*" >&2
  echo "$package: nothing was changed. Build the package with other ids (see [ids] of its recipe) or free these." >&2
  exit 1
}

in_root() {
  if test "$root" = /; then pw "$@"; else pw -R "$root" "$@"; fi
}

check_group() { # name id
  have=$(in_root groupshow -n "$1" 2>/dev/null | cut -d: -f3)
  test -z "$have" || test "$have" = "$2" || fail "group $1 must have id $2, but has $have here."
  owner=$(in_root groupshow -g "$2" 2>/dev/null | cut -d: -f1)
  test -z "$owner" || test "$owner" = "$1" || fail "group id $2 must be $1, but is $owner here."
}

check_user() { # name id
  have=$(in_root usershow -n "$1" 2>/dev/null | cut -d: -f3)
  test -z "$have" || test "$have" = "$2" || fail "user $1 must have id $2, but has $have here."
  owner=$(in_root usershow -u "$2" 2>/dev/null | cut -d: -f1)
  test -z "$owner" || test "$owner" = "$1" || fail "user id $2 must be $1, but is $owner here."
}

add_group() { # name id
  in_root groupshow -n "$1" >/dev/null 2>&1 || in_root groupadd -n "$1" -g "$2"
}

add_user() { # name id group home
  in_root usershow -n "$1" >/dev/null 2>&1 ||
    in_root useradd -n "$1" -u "$2" -g "$3" -c "qmail" -d "$4" -s /usr/sbin/nologin
}
