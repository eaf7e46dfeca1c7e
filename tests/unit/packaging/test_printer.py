"""The printer in C: linked with a hier.c it prints one line for each call."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder import packaging, process

PRINTER = Path(packaging.__file__).parent / "printer.c"
HIER = """
extern void h(char *,int,int,int);
extern void d(char *,char *,int,int,int);
extern void c(char *,char *,char *,int,int,int);
extern void p(char *,char *,int,int,int);
extern void z(char *,char *,int,int,int,int);

void hier(void)
{
  h("/var/qmail",0,64010,0755);
  d("/var/qmail","queue/mess/22",64014,64010,0750);
  c("/var/qmail","bin","qmail-queue",64014,64010,04711);
  p("/var/qmail","queue/lock/trigger",64012,64010,0622);
  z("/var/qmail","queue/lock/tcpto",1024,-1,-1,0644);
}
"""


@pytest.mark.native
@pytest.mark.parametrize("standard", ["gnu89", "gnu17"])
def test_prints_a_line_for_each_call(tmp_path: Path, standard: str) -> None:
    compiler = process.find_program("gcc") or process.find_program("clang")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    (tmp_path / "hier.c").write_text(HIER)
    program = tmp_path / "printer"
    built = process.run(
        [
            compiler,
            f"-std={standard}",
            "-Wall",
            "-Wextra",
            "-Werror",
            PRINTER,
            tmp_path / "hier.c",
            "-o",
            program,
        ]
    )
    assert built.ok, built.text
    assert process.run([program]).text.splitlines() == [
        "h\t755\t0\t64010\t0\t/var/qmail\t",
        "d\t750\t64014\t64010\t0\t/var/qmail\tqueue/mess/22",
        "c\t4711\t64014\t64010\t0\t/var/qmail\tbin\tqmail-queue",
        "p\t622\t64012\t64010\t0\t/var/qmail\tqueue/lock/trigger",
        "z\t644\t-1\t-1\t1024\t/var/qmail\tqueue/lock/tcpto",
    ]
