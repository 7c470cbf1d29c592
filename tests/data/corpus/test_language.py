import pytest

from sharewise.data.corpus.dialogues import spoken
from sharewise.data.corpus.english import ENGLISH
from sharewise.data.corpus.facts import RELATIONS
from sharewise.data.corpus.language import FAULTS, expand, fill


def answer_templates(language):
    words = spoken(language)
    for trait in words.traits.values():
        yield from trait.echoes
    for topic in words.topics.values():
        yield from (*topic.short, *topic.full)


def question_templates(language):
    words = spoken(language)
    for trait in words.traits.values():
        yield from (*trait.first, *trait.again)
    for topic in words.topics.values():
        yield from topic.questions


WORDS = {
    "ko": {"e": "페루", "v": "리마", "p": "산"},
    "en": {"e": "Peru", "v": "Lima", "p": "nurse"},
    "ja": {"e": "ペルー", "v": "リマ", "p": "山"},
}


def test_every_relation_has_a_topic(language):
    assert tuple(spoken(language).topics) == RELATIONS


def test_filled_templates_hold_no_markers(language):
    for template in (*answer_templates(language), *question_templates(language)):
        assert not set("<>{}") & set(fill(spoken(language), template, WORDS[language]))


def test_every_fault_breaks_every_answer(language):
    for template in answer_templates(language):
        right = fill(spoken(language), template, WORDS[language])
        for fault in range(FAULTS):
            wrong = fill(spoken(language), template, WORDS[language], fault)
            assert wrong != right
            assert not set("<>{}") & set(wrong)


def test_subtle_faults_break_one_marker_only():
    template = "<The> capital <of> {e} <is> {v}."
    right = fill(ENGLISH, template, WORDS["en"]).split()
    for fault in range(FAULTS // 2, FAULTS):
        wrong = fill(ENGLISH, template, WORDS["en"], fault).split()
        assert sum(word in wrong for word in right) >= len(right) - 1


def test_first_letter_is_a_capital():
    assert fill(ENGLISH, "{p} here.", {"p": "nurse"}) == "Nurse here."
    assert expand("{g} ask.", g=("women",)) == ("Women ask.",)


def test_expand_takes_every_combination_of_the_named_words_once():
    assert expand("{a}{b}", "{b}", a=("x", "y"), b=("1", "2")) == ("X1", "X2", "Y1", "Y2", "1", "2")


@pytest.mark.parametrize("state", ["detail", "vague", "lively", "empty", "biased", "harmful", "kind"])
def test_no_phrase_stands_for_two_states(language, state):
    words = spoken(language)
    own = {*getattr(words, state).plain, *getattr(words, state).subtle}
    states = {"detail", "vague", "lively", "empty", "biased", "harmful", "biased_and_harmful", "kind"} - {
        state
    }
    others = {text for name in states for text in (*getattr(words, name).plain, *getattr(words, name).subtle)}
    assert own
    assert not own & others


def test_languages_offer_equally_many_traits(language):
    sizes = [len(trait.values) for trait in spoken(language).traits.values()]
    assert sizes == [len(trait.values) for trait in ENGLISH.traits.values()]
