from report.fixtures import dialogue_results
from sharewise.report.content import compose


def test_the_answer_is_the_recommendation_with_its_reason(dialogue):
    document = compose(dialogue)
    assert document.answer == f"Recommended: {dialogue.recommendation.arm}, a model for each task."
    assert document.reason == dialogue.recommendation.reason
    assert document.notices == ()


def test_what_must_be_known_first_is_a_notice():
    results = dialogue_results(simulated=True, scored="validation", failed=True, seeds=(1,), epochs=1)
    document = compose(results)
    assert [notice.tone for notice in document.notices] == ["simulated", "warning", "failure"]
    assert document.answer == "No arm is recommended."
    assert "no test split" in document.reason


def test_every_part_is_there_once_and_in_order(dialogue):
    keys = [section.key for section in compose(dialogue).sections]
    assert keys == [
        "verdicts",
        "scores",
        "metrics",
        "epochs",
        "peaks",
        "curves",
        "joint",
        "differing",
        "cost",
        "fairness",
        "warnings",
        "reproduce",
    ]
