import numpy as np

from sharewise.data.corpus.answers import claim, echo
from sharewise.data.corpus.columns import NONE


def values(content, indices):
    return [content.facts.values[index] for index in indices]


def same(text):
    return text.casefold()


def test_true_answers_hold_the_fact(content_of):
    content = content_of()
    for text, value in zip(claim(content), values(content, content.choices.claimed), strict=True):
        assert same(value) in same(text)


def test_hallucinated_answers_hold_another_value(content_of):
    content = content_of("no_hallucination")
    truth = values(content, content.facts.value[content.choices.asked])
    claimed = values(content, content.choices.claimed)
    subjects = [content.facts.subjects[fact] for fact in content.choices.asked]
    for text, false, true, subject in zip(claim(content), claimed, truth, subjects, strict=True):
        rest = same(text).replace(same(subject), "", 1).replace(same(false), "", 1)
        assert same(false) in same(text)
        assert same(true) not in rest


def test_answers_to_another_question_name_what_they_are_about(content_of):
    content = content_of("sensibleness")
    for text, fact in zip(claim(content), content.choices.answered, strict=True):
        assert same(content.facts.subjects[fact]) in same(text)


def test_broken_grammar_changes_every_claim(content_of):
    whole, broken = claim(content_of()), claim(content_of("linguistic_acceptability"))
    assert (whole != broken).all()


def test_echoes_tell_the_users_value_or_another(content_of):
    for broken in ((), ("consistency",)):
        content = content_of(*broken)
        traits = list(content.language.traits.values())
        choices = content.choices
        for row, text in enumerate(echo(content)):
            trait = traits[choices.trait[row]]
            if choices.denied[row] != NONE:
                assert text == traits[choices.denied[row]].denial
            elif choices.echoes[row]:
                assert same(trait.values[choices.echoed[row]]) in same(text)
            else:
                assert text is None


def test_inconsistent_answers_always_say_something_of_the_user(content_of):
    content = content_of("consistency")
    assert echo(content).null_count() == 0
    assert np.mean(content.choices.denied != NONE) < 0.5
