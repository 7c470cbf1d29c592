from sharewise.report.costs import arms


def test_an_arm_is_told_in_models_time_and_against_its_baseline(dialogue):
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in arms(dialogue).rows}
    single, hard = dialogue.arms["single"], dialogue.arms["hard"]
    assert rows["single"][:3] == ["single", "9", "995.9 M"]
    assert rows["single"][4] == "–"
    assert rows["hard"][1:3] == ["1", "110.7 M"]
    assert rows["hard"][4] == f"× {hard.seconds / single.seconds:.2f}"


def test_techniques_are_named_with_the_passes_that_they_take(dialogue):
    assert "Techniques" not in [column.title for column in arms(dialogue).columns]
    training = {"r_drop": {"alpha": 1.0}, "fgm": {"epsilon": 1.0}, "curriculum": None}
    hard = dialogue.arms["hard"].model_copy(update={"training": training, "passes": 4})
    table = arms(dialogue.model_copy(update={"arms": dialogue.arms | {"hard": hard}}))
    place = [column.title for column in table.columns].index("Techniques")
    rows = {row[0].text: [cell.text for cell in row[place : place + 2]] for row in table.rows}
    assert rows["hard"] == ["R-Drop, adversarial (FGM)", "4"]
    assert rows["single"] == ["–", "1"]
