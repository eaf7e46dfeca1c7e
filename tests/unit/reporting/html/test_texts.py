"""Text of patches for a page: everything in it can be seen, and there is not too much of it."""

from __future__ import annotations

from builder.reporting.html.texts import shown


def test_code_stays_as_it_is() -> None:
    text = "int main()\n{\n\treturn 0;  \n}\n"
    assert shown(text) == text


def test_what_cannot_be_seen_is_written_out() -> None:
    assert shown("a\r\n\x1b[31m\x00") == "a\\x0d\n\\x1b[31m\\x00"
    assert shown("\u202e\u200b\u2028") == "\\u202e\\u200b\\u2028"
    assert shown(b"gr\xfc\xdf\n".decode("utf-8", "surrogateescape")) == "gr\\xfc\\xdf\n"


def test_letters_of_all_languages_stay() -> None:
    assert shown("größer, 漢字\n") == "größer, 漢字\n"


def test_a_long_text_says_how_much_is_left_out() -> None:
    whole = "".join(f"{number}\n" for number in range(1000))
    cut = shown(whole).splitlines()
    assert cut[:400] == [f"{number}" for number in range(400)]
    assert cut[400:] == ["… 600 more lines"]
    just_fits = "".join(f"{number}\n" for number in range(400))
    assert shown(just_fits) == just_fits
    assert shown(just_fits + "x").endswith("399\n… 1 more lines\n")
