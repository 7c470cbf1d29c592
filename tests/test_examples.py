"""Every example runs as it stands, at a small size: hub ids and data sets replaced by local stand-ins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sharewise import compare, load_study
from sharewise.data.corpus import write_dialogues
from sharewise.report import write_reports

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*/*.yaml"))
TINY = (
    "encoder={scratch: {layers: 1, width: 16, vocabulary: 400}}",
    "training.epochs=1",
    "training.precision=fp32",
    "training.max_length=32",
    "seeds=[1]",
)


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders with a little data in the layout that each example expects, by the variable that names it."""
    amcd = tmp_path_factory.mktemp("amcd")
    for language in ("EN", "DE", "JP"):
        for split, rows in (("train", 40), ("valid", 16), ("test", 16)):
            lines = [
                f"If only item {i} had been {language} made, it would last.\t{i % 2}" for i in range(rows)
            ]
            text = "\n".join(["sentence\tis_counterfactual", *lines]) + "\n"
            (amcd / f"{language}_{split}.tsv").write_text(text, encoding="utf-8")
    dialogues = tmp_path_factory.mktemp("dialogues")
    write_dialogues(dialogues, language="ko", rows=240, seed=1, length="short")
    votes = tmp_path_factory.mktemp("votes")
    cast = ["3,0,0", "0,2,1", "0,0,3", "1,1,1", "0,3,0"]
    lines = [f"{cast[i % 5]},A tweet about thing {i}." for i in range(120)]
    text = "\n".join(["hate_speech,offensive_language,neither,tweet", *lines]) + "\n"
    (votes / "labeled_data.csv").write_text(text, encoding="utf-8")
    reviews = tmp_path_factory.mktemp("reviews")
    for split, rows in (("train", 60), ("validation", 20), ("test", 20)):
        lines = [json.dumps({"text": f"Review {i} of a thing", "label": i % 5}) for i in range(rows)]
        (reviews / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pairs = tmp_path_factory.mktemp("pairs")
    for split, rows in (("train", 60), ("valid", 20)):
        lines = [
            f'{{"sentence1": "A dog runs {i}.", "sentence2": "Dog {i} runs.", "label": {i % 6}.0}}'
            for i in range(rows)
        ]
        (pairs / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    hate = tmp_path_factory.mktemp("hate")
    kinds, degrees = ("none", "gender", "others"), ("none", "offensive", "hate")
    lines = [f"{i}번째 댓글\t{i % 3 == 1}\t{kinds[i % 3]}\t{degrees[i // 3 % 3]}" for i in range(120)]
    text = "\n".join(["comments\tcontain_gender_bias\tbias\thate", *lines]) + "\n"
    (hate / "train.tsv").write_text(text, encoding="utf-8")
    return {
        "AMCD": str(amcd),
        "DIALOGUES": str(dialogues),
        "VOTES": str(votes),
        "HATE": str(hate),
        "REVIEWS": str(reviews),
        "JSTS": str(pairs),
        "MARC": f"hub:{reviews}",
    }


def test_there_are_examples() -> None:
    names = {path.parent.name for path in EXAMPLES}
    assert names == {
        "counterfactual-reviews",
        "counterfactual-reviews-t5",
        "dialogue-quality",
        "hate-offensive-votes",
        "korean-hate-speech",
        "sentence-similarity",
    }


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_example_runs(
    path: Path, stand_ins: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, folder in stand_ins.items():
        monkeypatch.setenv(name, folder)
    settings = [*TINY]
    study = load_study(path)
    settings += [f"arms.{arm}.training.epochs=1" for arm, o in study.arms.items() if "epochs" in o.training]
    small = "{scratch: {layers: 1, width: 32, vocabulary: 400}}"
    settings += [f"arms.{arm}.encoder={small}" for arm, o in study.arms.items() if o.encoder is not None]
    results = compare(load_study(path, overrides=settings), runs=tmp_path, workers=1)
    assert set(results.tasks) == set(study.tasks)
    assert {"single", *study.compared_arms} <= set(results.arms)
    for written in write_reports(results, tmp_path).values():
        assert written.stat().st_size > 1000
