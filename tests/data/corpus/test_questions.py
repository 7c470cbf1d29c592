import numpy as np

from sharewise.data.corpus.questions import premise, question
from sharewise.data.corpus.turns import sample_turns


def test_questions_name_their_subject(content_of):
    content = content_of()
    for text, fact in zip(question(content), content.choices.asked, strict=True):
        assert content.facts.subjects[fact].casefold() in text.casefold()


def test_first_turns_always_tell_what_later_turns_may_leave_out(content_of):
    content = content_of()
    first = sample_turns([content.rows], content.draws).turn == 1
    texts = premise(content, first)
    told = texts.is_not_null().to_numpy()
    assert told[first].all()
    assert 0.3 < told[~first].mean() < 1.0
    traits = list(content.language.traits.values())
    for row in np.flatnonzero(told):
        value = traits[content.choices.trait[row]].values[content.choices.own[row]]
        assert value.casefold() in texts[int(row)].casefold()
