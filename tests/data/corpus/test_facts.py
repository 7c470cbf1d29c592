import numpy as np
import pytest

from sharewise.data.corpus.facts import LANGUAGES, ORDERED, RELATIONS, fact_base


def test_the_base_has_hundreds_of_facts():
    assert len(fact_base("ko").subjects) >= 370


def test_every_language_has_the_same_facts():
    korean = fact_base("ko")
    for language in LANGUAGES:
        facts = fact_base(language)
        np.testing.assert_array_equal(facts.relation, korean.relation)
        np.testing.assert_array_equal(facts.value, korean.value)
        assert len(facts.values) == len(korean.values)


def test_values_are_those_of_the_line(language):
    facts = fact_base(language)
    peru = {"ko": ("페루", "리마"), "en": ("Peru", "Lima"), "ja": ("ペルー", "リマ")}[language]
    assert facts.subjects[0] == peru[0]
    assert facts.values[facts.value[0]] == peru[1]


def test_no_subject_has_two_values_in_one_relation(language):
    facts = fact_base(language)
    keys = list(zip(facts.relation.tolist(), facts.subjects, strict=True))
    assert len(set(keys)) == len(keys)


def test_values_belong_to_their_relation(language):
    facts = fact_base(language)
    assert (facts.value >= facts.value_start[facts.relation]).all()
    assert (facts.value < facts.value_start[facts.relation + 1]).all()
    assert (np.diff(facts.value_start) >= 5).all()


@pytest.mark.parametrize("name", sorted(ORDERED - {"sport"}))
def test_ordered_values_rise(name):
    facts, index = fact_base("ko"), RELATIONS.index(name)
    values = facts.values[facts.value_start[index] : facts.value_start[index + 1]]
    numbers = [int("".join(c for c in value if c.isdigit())) for value in values]
    assert numbers == sorted(numbers)


def test_popularity_sums_to_one_in_every_relation():
    facts = fact_base("en")
    np.testing.assert_allclose(np.bincount(facts.relation, facts.popularity), 1.0)
