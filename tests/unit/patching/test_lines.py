"""Lines: what one is, and finding blocks of them, also where that is hard."""

from __future__ import annotations

import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.patching import lines
from builder.patching.lines import LineIndex, split_lines

WORDS = st.sampled_from([b"a\n", b"b\n"])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a", [b"a"]),
        (b"a\n\nb\n", [b"a\n", b"\n", b"b\n"]),
        (b"a\r\nb\rc\n", [b"a\r\n", b"b\rc\n"]),
        (b"\x0b\x0c\x1c\x85\n", [b"\x0b\x0c\x1c\x85\n"]),
    ],
)
def test_only_a_line_feed_ends_a_line(data: bytes, expected: list[bytes]) -> None:
    assert split_lines(data) == expected


def by_looking(text: list[bytes], block: list[bytes], guess: int, lowest: int, highest: int) -> int | None:
    """What `nearest` should find, by looking everywhere."""
    places = [at for at in range(lowest, highest + 1) if text[at : at + len(block)] == block]
    return min(places, key=lambda at: (abs(at - guess), -at), default=None)


@given(
    text=st.lists(WORDS, max_size=200),
    block=st.lists(WORDS, min_size=1, max_size=8),
    guess=st.integers(-20, 220),
    lowest=st.integers(0, 200),
)
def test_the_nearest_place_is_found(text: list[bytes], block: list[bytes], guess: int, lowest: int) -> None:
    highest = len(text) - len(block)
    found = LineIndex(text).nearest(tuple(block), guess, lowest, highest)
    assert found == by_looking(text, block, guess, lowest, highest)


@given(data=st.data(), characters=st.sampled_from([2, 3, 1_000_000]))
def test_the_index_of_a_file_made_of_another(data: st.DataObject, characters: int) -> None:
    """It is made of the other one's, and must find the same as one made of the lines."""
    words = st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"])
    other = data.draw(st.lists(words, max_size=20))
    text: list[bytes] = []
    same: list[tuple[int, int, int]] = []
    for _ in range(data.draw(st.integers(0, 3))):
        text += data.draw(st.lists(words, max_size=4))
        there = data.draw(st.integers(0, len(other)))
        taken = other[there : there + data.draw(st.integers(0, 6))]
        same.append((len(text), len(text) + len(taken), there))
        text += taken
    text += data.draw(st.lists(words, max_size=4))
    block = tuple(data.draw(st.lists(words, min_size=1, max_size=4)))
    guess, highest = data.draw(st.integers(-5, 25)), len(text) - len(block)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_CHARACTERS", characters)
        index = LineIndex(text, LineIndex(other), same)
        assert index.nearest(block, guess, 0, highest) == by_looking(text, list(block), guess, 0, highest)
        assert index.first(block, 0, highest) == by_looking(text, list(block), 0, 0, highest)
        assert index.knows(block) or not set(block) <= set(text)


def test_more_distinct_lines_than_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_CHARACTERS", 2)
    text = [b"%d\n" % number for number in range(9)]
    index = LineIndex(text)
    for guess, number in product(range(9), range(8)):
        assert index.nearest((text[number], text[number + 1]), guess, 0, 7) == number
        assert index.first((text[number],), 0, 8) == number


@pytest.mark.parametrize("at_end", [False, True])
def test_a_million_equal_lines_take_no_quadratic_time(at_end: bool) -> None:
    text = [b"x\n"] * 1_000_000
    index = LineIndex([*text, b"y\n"] if at_end else [b"y\n", *text])
    began = time.process_time()
    for middle in range(100, 110):
        # Found nowhere, though all its lines are there and most of it fits everywhere.
        block = (*[b"x\n"] * middle, b"y\n", *[b"x\n"] * 1000)
        assert index.nearest(block, 500_000, 0, 998_000) is None
    assert time.process_time() - began < 5
