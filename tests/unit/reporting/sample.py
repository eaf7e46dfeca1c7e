"""A series with one of everything that can become of a hunk, as a report: what the presenters are tested with.

The diagnoses are written out by hand: presenters are shown values, and need not change when a diagnosis gets better.
"""

from __future__ import annotations

import difflib
import hashlib

from builder.patching.applied import Applied
from builder.patching.apply import apply
from builder.patching.diagnose.values import Diagnosis, Difference, Verdict
from builder.patching.findings import Owner
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy
from builder.reporting.report import PatchFile, Report
from builder.sources.tree import File, Tree

RCPT = """\
#include "smtp.h"

int addrparse(arg)
char *arg;
{
  int i;
  i = str_chr(arg,'<');
  if (!arg[i]) return 0;
  return 1;
}

void smtp_helo(arg) char *arg;
{
  smtp_greet("250 ");
  out("\\r\\n");
  seenmail = 0;
  dohelo(arg);
}

void smtp_rcpt(arg) char *arg;
{
  if (!seenmail) { err_wantmail(); return; }
  if (!addrparse(arg)) { err_syntax(); return; }
  if (relayclient) {
\t--addr.len;
  }
  else
    if (!addrallowed()) { err_nogateway(); return; }
  if (!stralloc_cats(&rcptto,"T")) die_nomem();
  if (!stralloc_cats(&rcptto,addr.s)) die_nomem();
  if (!stralloc_0(&rcptto)) die_nomem();
  out("250 ok\\r\\n");
}

void smtp_data()
{
  if (!seenmail) { err_wantmail(); return; }
  if (!rcptto.len) { err_wantrcpt(); return; }
  seenmail = 0;
}
"""
CHECKED = RCPT.replace("if (!addrparse(arg)) {", "if (!addrparse(arg,&addr)) {").replace(
    '"T")) die_nomem();\n', '"T")) die_nomem();\n  if (!chkuser(&addr)) { err_nouser(); return; }\n'
)
MODES = {"rcpt.c": RCPT, "control.c": "int control_init()\n{\n  return 0;\n}\n"}


def diff(old: str, new: str, path: str, *, source: str | None = None) -> str:
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), source or f"a/{path}", f"b/{path}"
    )
    return "".join(lines)


CHKUSER = diff(RCPT, CHECKED, "rcpt.c")
TLS = (
    "STARTTLS for the sample.\n\n"
    + diff(
        RCPT,
        RCPT.replace("  seenmail = 0;\n  dohelo", "  ssl = 0;\n  dohelo")
        .replace("  if (relayclient) {\n", "  if (relayclient || ssl_verified()) {\n")
        .replace("  if (!rcptto.len)", "  if (!ssl) { err_tls(); return; }\n  if (!rcptto.len)"),
        "rcpt.c",
    )
    + diff("int tls;\n", "int tls = 1;\n", "tls.c")
)
AGAIN = diff(MODES["control.c"].replace("return 0", "return 1"), MODES["control.c"], "control.c")
LONGER = diff(RCPT, RCPT.replace("  return 1;\n}", "  return i + 1;\n}"), "rcpt.c").replace("-6,", "-2,")
# Its last line of context is the one that `longer` changed.
ZEROED = diff(RCPT, RCPT.replace("  int i;", "  int i = 0;"), "rcpt.c")
SERIES = {"longer": LONGER, "zeroed": ZEROED, "chkuser": CHKUSER, "tls": TLS, "again": AGAIN}


def tree() -> Tree:
    return Tree({path: File(text.encode()) for path, text in MODES.items()})


def applied(series: dict[str, str] | None = None) -> tuple[list[Patch], Applied]:
    patches = [parse(name, text.encode()) for name, text in (SERIES if series is None else series).items()]
    return patches, apply(tree(), patches, ApplyPolicy(fuzz=1))


def diagnoses() -> tuple[Diagnosis, ...]:
    return (
        Diagnosis(
            patch="tls",
            path="rcpt.c",
            n=2,
            of=3,
            patch_line=14,
            expected_line=21,
            candidate_line=21,
            similarity=0.86,
            expected_function="smtp_rcpt",
            candidate_function="smtp_rcpt",
            difference=Difference(
                line=23,
                expected="··if·(!addrparse(arg))·{·err_syntax();·return;·}",
                found="··if·(!addrparse(arg,&addr))·{·err_syntax();·return;·}",
            ),
            owner=Owner(patch="chkuser", hunk=1),
            verdict=Verdict.CONTEXT_CHANGED,
            detail="hunk 1 of chkuser changed a line that this hunk has as context",
            next_command="./inv refresh --recipe sample --patch tls",
        ),
    )


def report(*, explained: bool = True) -> tuple[Report, Applied]:
    patches, outcome = applied()
    files = tuple(
        PatchFile(
            patch=patch,
            path=f"patches/{patch.name}/sample-1.patch",
            sha256=hashlib.sha256(patch.data).hexdigest(),
        )
        for patch in patches
    )
    return (
        Report(
            id="sample@native",
            base="sample-1",
            base_tree=tree().digest,
            patches=outcome.patches,
            files=files,
            diagnoses=diagnoses() if explained else (),
        ),
        outcome,
    )
