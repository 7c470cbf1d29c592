from __future__ import annotations

import itertools
import string
import unicodedata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharewise.audit.normal import code_points


def forms(*texts: str | None) -> list[str]:
    points, starts = code_points(pl.Series(texts, dtype=pl.String))
    return ["".join(map(chr, points[a:b])) for a, b in itertools.pairwise(starts)]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("Hello,  World!", "helloworld"),
        ("ＡＢＣ１２３", "abc123"),
        ("ﾊﾞﾅﾅ", "バナナ"),
        ("か\u3099", "が"),
        (unicodedata.normalize("NFD", "한국어 좋아요."), "한국어좋아요"),
        (unicodedata.normalize("NFD", "Größe"), "größe"),
        ("㈱日本", "株日本"),
        ("a\u200bb\u00a0c", "abc"),
        ("좋아요 😀", "좋아요😀"),
        ("。。。", "。。。"),
        ("", ""),
        (None, ""),
    ],
)
def test_forms(text, form):
    assert forms(text) == [form]


def test_texts_do_not_disturb_each_other():
    texts = ["Ａ b.", "", "か\u3099", None, "…", "zzz"]
    assert forms(*texts) == [forms(t)[0] for t in texts]


def kept(text: str) -> str:
    return "".join(
        c for c in text if unicodedata.category(c)[0] not in "PZC" and unicodedata.category(c) != "Sk"
    )


@given(st.lists(st.text(alphabet=string.printable), max_size=5))
def test_of_ascii_small_letters_digits_and_symbols_stay(texts):
    assert forms(*texts) == [kept(t).lower() or t for t in texts]


@given(st.text())
def test_composition_does_not_matter(text):
    if kept(unicodedata.normalize("NFKC", text)):
        assert forms(unicodedata.normalize("NFC", text)) == forms(unicodedata.normalize("NFD", text))
