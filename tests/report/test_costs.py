from sharewise.report.costs import arms


def test_an_arm_is_told_in_models_time_and_against_its_baseline(dialogue):
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in arms(dialogue).rows}
    single, hard = dialogue.arms["single"], dialogue.arms["hard"]
    assert rows["single"][:3] == ["single", "9", "995.9 M"]
    assert rows["single"][4] == "–"
    assert rows["hard"][1:3] == ["1", "110.7 M"]
    assert rows["hard"][4] == f"× {hard.seconds / single.seconds:.2f}"
