"""Which languages texts are in, as far as their scripts and commonest words show it."""

from __future__ import annotations

import polars as pl

_ROWS = 20_000
_HANGUL = "[\uac00-\ud7a3\u3131-\u318e]"
_KANA = "[\u3041-\u3096\u30a1-\u30fa]"
_HAN = "[\u4e00-\u9fff]"
# Words that make up a fifth of written English and are hardly ever written in another language.
_ENGLISH = r"(?i)\b(the|and|of|to|is|was|it|that|this|for|with|you|are|not|have)\b"


def languages_seen(texts: pl.DataFrame) -> dict[str, float]:
    """Return the share of rows by language, the commonest first: ko, ja, zh, en, or und (undetermined).

    A row is Korean where it holds Hangul, Japanese where it holds kana, Chinese where it holds Han characters and
    neither, English where a Latin text has one of its commonest words. It is a hint for a model card, not a detector.

    Args:
        texts: ``(rows, 2)``: ``text`` and ``pair``; of more than 20,000 rows every n-th is looked at.
    """
    rows = texts.gather_every(max(1, texts.height // _ROWS))
    both = pl.concat_str("text", "pair", separator=" ", ignore_nulls=True)
    language = (
        pl.when(both.str.contains(_KANA))
        .then(pl.lit("ja"))
        .when(both.str.contains(_HANGUL))
        .then(pl.lit("ko"))
        .when(both.str.contains(_HAN))
        .then(pl.lit("zh"))
        .when(both.str.contains(_ENGLISH))
        .then(pl.lit("en"))
        .otherwise(pl.lit("und"))
    )
    counts = rows.select(language.alias("language")).group_by("language").len()
    ordered = counts.sort("len", "language", descending=[True, False])
    return {code: round(count / rows.height, 4) for code, count in ordered.iter_rows()}
