import pytest

from sharewise.data.corpus.remarks import detail, remark, salad, spirit


@pytest.mark.parametrize("subtle", [False, True])
@pytest.mark.parametrize(
    ("write", "broken", "phrases"),
    [
        (detail, (), "detail"),
        (detail, ("specificity",), "vague"),
        (spirit, ("interestingness",), "empty"),
        (remark, ("unbias",), "biased"),
        (remark, ("harmlessness",), "harmful"),
        (remark, ("unbias", "harmlessness"), "biased_and_harmful"),
    ],
)
def test_each_state_has_its_phrases(content_of, write, broken, phrases, subtle):
    content = content_of(*broken, subtle=subtle)
    state = getattr(content.language, phrases)
    assert set(write(content)) <= set(state.subtle if subtle else state.plain)


def test_whole_answers_are_lively_or_silent(content_of):
    content = content_of()
    assert set(spirit(content)) <= {None, *content.language.lively.plain}


def test_whole_answers_speak_of_groups_kindly_or_not_at_all(content_of):
    content = content_of()
    assert set(remark(content)) <= {None, *content.language.kind.plain}
    content = content_of(subtle=True)
    assert set(remark(content)) <= set(content.language.kind.subtle)


def test_word_salad_mixes_names_with_fragments(content_of):
    content = content_of("understandability")
    for text in salad(content):
        assert any(fragment in text for fragment in content.language.salad)
        assert any(name in text for name in content.facts.subjects + content.facts.values)


def test_subtle_word_salad_is_shorter(content_of):
    plain = salad(content_of("understandability")).str.len_chars().mean()
    subtle = salad(content_of("understandability", subtle=True)).str.len_chars().mean()
    assert subtle < plain


def test_understandable_answers_have_no_word_salad(content_of):
    assert salad(content_of()).null_count() == content_of().rows
    listed = salad(content_of(subtle=True)).drop_nulls()
    assert 0 < len(listed) < content_of().rows
