"""Recipes whose programs crash, made for tests: patches of our own that put a fault into a program, with a check."""

from __future__ import annotations

import difflib
from pathlib import Path

from builder.sources.tree import Tree

SMTPD = "smtpd-crash"
"""The recipe with a qmail-smtpd that crashes."""
RSPAWN = "rspawn-crash"
"""The recipe on minispawn with a qmail-rspawn that crashes."""

SEND = "send-crash"
"""The recipe with a qmail-send that crashes."""

_VRFY = 'void err_vrfy(arg) char *arg; { out("252 send some mail, i\'ll try my best\\r\\n"); }\n'
_CRASHING_VRFY = """\
char *listed(arg) char *arg; { return *arg == '!' ? 0 : arg; }
void err_vrfy(arg) char *arg;
{
  char *user = listed(arg);
  if (*user) out("252 send some mail, i'll try my best\\r\\n");
}
"""
_SMTP_CHECK = """\
#!/bin/sh
# VRFY with a name that is not listed must be answered, too.
home=$PWD/crash-home
mkdir -p "$home/control" && echo me.example > "$home/control/me"
printf 'char auto_qmail[] = "%s";\\n' "$home" > auto_qmail.c
rm -f auto_qmail.o qmail-smtpd
make qmail-smtpd > smtpd.log 2>&1 || { cat smtpd.log; exit 99; }
printf 'HELO a\\r\\nVRFY !nobody\\r\\nQUIT\\r\\n' > smtp.in
./qmail-smtpd < smtp.in > smtp.out
rc=$?
if [ $rc -eq 0 ] && grep '^252' smtp.out > /dev/null
then echo "qmail-smtpd answers VRFY."; exit 0
fi
echo "qmail-smtpd ended with status $rc."
exit 1
"""

_JOB = "void job_close(j)\nint j;\n{\n"
_CRASHING_JOB = f"int *free_job(j) int j; {{ return j < 0 ? &numjobs : 0; }}\n{_JOB} *free_job(j) = 1;\n"

_SPAWN_START = '  if (chdir("queue/mess") == -1) _exit(111);\n'
_RSPAWN_CHECK = """\
#!/bin/sh
# qmail-rspawn must end when its input does.
home=$PWD/crash-home
mkdir -p "$home/queue/mess"
printf 'char auto_qmail[] = "%s";\\n' "$home" > auto_qmail.c
rm -f auto_qmail.o qmail-rspawn
make -o auto_uids.c qmail-rspawn > rspawn.log 2>&1 || { cat rspawn.log; exit 99; }
./qmail-rspawn < /dev/null > /dev/null
rc=$?
if [ $rc -eq 0 ]
then echo "qmail-rspawn ends."; exit 0
fi
echo "qmail-rspawn ended with status $rc."
exit 1
"""


def crashing_smtpd(folder: Path, netqmail: Tree) -> None:
    """Make `folder` one for --path that has the recipe SMTPD: VRFY !x makes qmail-smtpd use a null pointer."""
    _write(
        folder,
        SMTPD,
        "netqmail-1.06",
        ("modern-c",),
        _edit(netqmail, "qmail-smtpd.c", _VRFY, _CRASHING_VRFY),
        _SMTP_CHECK,
    )


def crashing_send(folder: Path, netqmail: Tree) -> None:
    """The same with the recipe SEND: qmail-send crashes when its first mail is done with."""
    patch = _edit(netqmail, "qmail-send.c", _JOB, _CRASHING_JOB)
    _write(folder, SEND, "netqmail-1.06", ("modern-c",), patch, "echo no check of its own; exit 99\n")


def crashing_rspawn(folder: Path, minispawn: Tree) -> None:
    """The same with the recipe RSPAWN, on the base that comes with the builder: qmail-rspawn never comes far."""
    patch = _edit(
        minispawn, "spawn.c", _SPAWN_START, f"{_SPAWN_START}  {{ int *first = (int *) d; *first = 1; }}\n"
    )
    _write(folder, RSPAWN, "minispawn", (), patch, _RSPAWN_CHECK)


def _edit(tree: Tree, path: str, before: str, after: str) -> str:
    text = tree[path].data.decode()
    assert text.count(before) == 1, text
    old, new = (part.splitlines(keepends=True) for part in (text, text.replace(before, after)))
    return "".join(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"))


def _write(folder: Path, name: str, base: str, before: tuple[str, ...], patch: str, check: str) -> None:
    home = folder / "patches" / name
    (home / "checks").mkdir(parents=True)
    (home / f"{base}.patch").write_text(patch)
    (home / "checks" / "crash.sh").write_text(check)
    (home / "patch.toml").write_text(
        f'name = "{name}"\nsummary = "Crashes."\nlicense = "0BSD"\n[variants]\n"{base}" = "{base}.patch"\n'
    )
    (folder / "recipes").mkdir(exist_ok=True)
    (folder / "recipes" / f"{name}.toml").write_text(
        f'name = "{name}"\nsummary = "Crashes"\nbase = "{base}"\n'
        f"patches = {[*before, name]}\nchecks = []\n[conf]\nconf-spawn = 20\n"
    )
