"""Languages as scripts and common words show them."""

from __future__ import annotations

import polars as pl

from sharewise.data.languages import languages_seen


def test_shares_by_row_the_commonest_first():
    texts = [
        "배우의 연기",
        "연기가 좋았다 the end",
        "軽い掃除機です",
        "北京大学",
        "This is it",
        "Ceci nest pas",
    ]
    frame = pl.DataFrame({"text": texts, "pair": [None] * 6}, schema_overrides={"pair": pl.String})
    assert languages_seen(frame) == {"ko": 0.3333, "en": 0.1667, "ja": 0.1667, "und": 0.1667, "zh": 0.1667}


def test_a_pair_shows_its_language_too_and_long_tables_are_sampled():
    frame = pl.DataFrame({"text": ["1"] * 50_000, "pair": ["안녕"] * 50_000})
    assert languages_seen(frame) == {"ko": 1.0}
