import numpy as np

from sharewise.data.corpus.columns import NONE
from sharewise.data.corpus.facts import ORDERED, RELATIONS
from sharewise.data.corpus.turns import sample_turns


def test_whole_content_is_consistent_true_and_to_the_point(content_of):
    content = content_of()
    choices, facts = content.choices, content.facts
    np.testing.assert_array_equal(choices.echoed, choices.own)
    np.testing.assert_array_equal(choices.answered, choices.asked)
    np.testing.assert_array_equal(choices.claimed, facts.value[choices.asked])


def test_inconsistent_answers_echo_another_value_or_deny(content_of):
    choices = content_of("consistency").choices
    assert (choices.echoed != choices.own).all()
    assert (choices.echoes == (choices.denied == NONE)).all()
    denied = choices.denied != NONE
    np.testing.assert_array_equal(choices.denied[denied], choices.trait[denied])


def test_consistent_answers_deny_only_what_was_not_told(content_of):
    choices = content_of().choices
    assert (choices.denied != choices.trait).all()


def test_false_values_are_of_the_same_relation_and_not_true(content_of):
    for subtle in (False, True):
        content = content_of("no_hallucination", subtle=subtle)
        choices, facts = content.choices, content.facts
        relation = facts.relation[choices.answered]
        assert (choices.claimed != facts.value[choices.answered]).all()
        assert (choices.claimed >= facts.value_start[relation]).all()
        assert (choices.claimed < facts.value_start[relation + 1]).all()


def test_subtle_false_numbers_are_neighbours(content_of):
    content = content_of("no_hallucination", subtle=True)
    choices, facts = content.choices, content.facts
    ordered = np.isin(np.array(RELATIONS)[facts.relation[choices.answered]], sorted(ORDERED))
    distance = np.abs(choices.claimed - facts.value[choices.answered])
    assert (distance[ordered] == 1).all()
    assert (distance[~ordered] > 1).any()


def test_answers_to_another_question_are_of_another_relation(content_of):
    content = content_of("sensibleness")
    choices, relation = content.choices, content.facts.relation
    assert (relation[choices.asked] != relation[choices.answered]).all()


def test_users_tell_the_same_in_all_turns_of_a_dialogue(content_of):
    content = content_of()
    dialogue = sample_turns([content.rows], content.draws).dialogue
    pairs = set(
        zip(dialogue.tolist(), content.choices.trait.tolist(), content.choices.own.tolist(), strict=True)
    )
    assert len(pairs) == dialogue[-1] + 1
