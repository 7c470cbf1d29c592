import pytest

from sharewise.data.corpus.korean import KOREAN, has_final_consonant
from sharewise.data.corpus.language import fill


@pytest.mark.parametrize(
    ("word", "marker", "form"),
    [
        ("리마", "은", "는"), ("서울", "은", "은"), ("리마", "이", "가"), ("서울", "이", "이"),
        ("리마", "을", "를"), ("서울", "을", "을"), ("리마", "과", "와"), ("서울", "과", "과"),
        ("리마", "으로", "로"), ("서울", "으로", "로"), ("산", "으로", "으로"),
        ("리마", "예요", "예요"), ("서울", "예요", "이에요"), ("리마", "이라", "라"), ("서울", "이라", "이라"),
        ("리마", "의", "의"),
    ],
)  # fmt: skip
def test_particles_follow_the_final_consonant(word, marker, form):
    assert fill(KOREAN, "{p}<" + marker + ">", {"p": word}) == word + form


def test_broken_particles_are_other_forms():
    wrong = {fill(KOREAN, "{p}<은>", {"p": "리마"}, fault) for fault in range(4)}
    assert "리마는" not in wrong
    assert "리마은" in wrong


@pytest.mark.parametrize(("text", "expected"), [("서울", True), ("리마", False), ("1", False), ("", False)])
def test_final_consonants(text, expected):
    assert has_final_consonant(text) is expected
