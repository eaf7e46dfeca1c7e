# The programs in this package have the numbers of these accounts compiled in, so no other numbers will do.

fail() {
  echo "$package: $*" >&2
  echo "$package: nothing was changed. Build the package with other ids (see [ids] of its recipe) or free these." >&2
  exit 1
}

check_group() { # name id
  have=$(getent group "$1" | cut -d: -f3)
  test -z "$have" || test "$have" = "$2" || fail "group $1 must have id $2, but has $have here."
  owner=$(getent group "$2" | cut -d: -f1)
  test -z "$owner" || test "$owner" = "$1" || fail "group id $2 must be $1, but is $owner here."
}

check_user() { # name id
  have=$(getent passwd "$1" | cut -d: -f3)
  test -z "$have" || test "$have" = "$2" || fail "user $1 must have id $2, but has $have here."
  owner=$(getent passwd "$2" | cut -d: -f1)
  test -z "$owner" || test "$owner" = "$1" || fail "user id $2 must be $1, but is $owner here."
}

add_group() { # name id
  getent group "$1" >/dev/null || groupadd --system --gid "$2" "$1"
}

add_user() { # name id group home
  # SYS_UID_MAX, or useradd would warn that the id is not one that it would have chosen.
  getent passwd "$1" >/dev/null ||
    useradd --system --uid "$2" --key SYS_UID_MAX="$2" --gid "$3" --home-dir "$4" --no-create-home \
      --shell /usr/sbin/nologin "$1"
}
