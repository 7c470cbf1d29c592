import polars as pl

from sharewise.data.corpus.columns import join
from sharewise.data.corpus.talk import talk


def test_talk_makes_up_what_short_texts_lack(content_of):
    content = content_of()
    question, answer = talk(content, pl.Series([""] * content.rows))
    said = join(question + answer, content.language.space).str.len_chars()
    wanted = 62 * content.language.piece_length
    assert abs(said.mean() - wanted) < 0.15 * wanted


def test_long_texts_get_no_talk(content_of):
    content = content_of()
    question, answer = talk(content, pl.Series(["x" * 10_000] * content.rows))
    assert all(column.null_count() == content.rows for column in question + answer)
