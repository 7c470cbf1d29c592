"""How long and how difficult are the simulated dialogues? The tables of docs/guide/corpus.md.

Lengths in word pieces of the package's own tokenizer, and the Matthews correlation that a bag of words and a small
encoder with random weights reach on each criterion, on rows of their own.

    python benchmarks/corpus_difficulty.py --output tables.md
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import numpy as np
import polars as pl
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import matthews_corrcoef

from sharewise import Study
from sharewise.compare import train_one
from sharewise.data.corpus import CRITERIA, generate_dialogues, write_dialogues
from sharewise.models.tokenizers import train_tokenizer

LANGUAGES = {"ko": "Korean", "en": "English", "ja": "Japanese"}
VALIDATION = 500


def lengths(language: str) -> list[str]:
    """Statistics of question and answer together, short and as published."""
    frames = [
        generate_dialogues(language=language, rows=6_000, seed=1, length=length).select(
            text="human_question", pair="bot_response"
        )
        for length in ("short", "published")
    ]
    tokenizer = train_tokenizer(pl.concat(frames), 8_000)
    special = tokenizer.num_special_tokens_to_add(is_pair=True)
    short, published = (
        np.array([len(e.ids) - special for e in tokenizer.encode_batch(frame.rows())]) for frame in frames
    )
    numbers = [
        short.mean(), np.quantile(short, 0.95),
        published.mean(), np.median(published), np.quantile(published, 0.95),
    ]  # fmt: skip
    return [f"{number:.0f}" for number in numbers]


def bag_of_words(language: str, train: int, test: int) -> list[float]:
    """MCC of a logistic regression on counts of words, the better of balanced and unbalanced classes."""
    frame = generate_dialogues(language=language, rows=train + test, seed=3)
    texts = (frame["human_question"] + " " + frame["bot_response"]).to_list()
    counter = CountVectorizer()
    seen, unseen = counter.fit_transform(texts[:train]), counter.transform(texts[train:])
    best = []
    for criterion in CRITERIA:
        truth = frame[f"{criterion}_majority"].to_numpy()
        reached = []
        for balance in (None, "balanced"):
            model = LogisticRegression(max_iter=300, class_weight=balance).fit(seen, truth[:train])
            reached.append(float(matthews_corrcoef(truth[train:], model.predict(unseen))))
        best.append(max(reached))
    return best


def small_encoder(language: str, train: int, test: int, batch_rows: int, folder: Path) -> list[float]:
    """MCC of one encoder of 2 layers of width 128 with nine heads, trained from random weights for 4 epochs."""
    data = folder / f"{language}-{train}"
    splits = {"train": train, "validation": VALIDATION, "test": test}
    files = write_dialogues(data, language=language, rows=sum(splits.values()), seed=3, splits=splits)
    study = Study(
        name=f"{language}-{train}",
        data={
            "dialogues": {
                **{split: str(file) for split, file in files.items()},
                "text": ["human_question", "bot_response"],
                "group": "dialogue_id",
            }
        },
        tasks={c: {"data": "dialogues", "kind": "binary", "label": f"{c}_majority"} for c in CRITERIA},
        encoder={"scratch": {"layers": 2, "width": 128, "dropout": 0.0}, "pooling": "cls"},
        training={"epochs": 4, "batch_rows": batch_rows, "learning_rate": 1e-3},
        seeds=[1],
        arms={"hard": {"sharing": "hard"}},
        keep="none",
    )
    (run,) = train_one(study, arm="hard", seed=1, runs=folder / "runs")
    test_metrics = {task: metrics["test"] for task, metrics in run.record.metrics.items()}
    return [test_metrics[c].get("mcc", 0.0) for c in CRITERIA]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [columns, ["---"] * len(columns), *rows])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--languages", nargs="+", choices=LANGUAGES, default=list(LANGUAGES))
    parser.add_argument("--few", type=int, default=4_000, help="training rows of the first encoder")
    parser.add_argument("--many", type=int, default=20_000, help="of the second, and of the bag of words")
    parser.add_argument("--test", type=int, default=5_000, help="rows of the test split")
    parser.add_argument("--output", type=Path, help="Markdown file to write as well")
    options = parser.parse_args()
    columns, parts = [], []
    rows = []
    for language in options.languages:
        rows.append([LANGUAGES[language], *lengths(language)])
        print(*rows[-1], file=sys.stderr)
    heading = ["", "short: mean", "95th percentile", "published: mean", "median", "95th percentile"]
    parts.append(table(heading, rows))
    with tempfile.TemporaryDirectory() as name:
        for language in options.languages:
            words = bag_of_words(language, options.many, options.test)
            print(language, [f"{v:.2f}" for v in words], file=sys.stderr)
            few = small_encoder(language, options.few, options.test, 16, Path(name))
            print(language, [f"{v:.2f}" for v in few], file=sys.stderr)
            many = small_encoder(language, options.many, options.test, 32, Path(name))
            print(language, [f"{v:.2f}" for v in many], file=sys.stderr)
            columns += [words, few, many]
    heading = ["MCC"]
    for language in options.languages:
        label = LANGUAGES[language]
        heading += [f"{label}: words", f"encoder, {options.few:,} rows", f"encoder, {options.many:,} rows"]
    body = [[criterion, *(f"{column[i]:.2f}" for column in columns)] for i, criterion in enumerate(CRITERIA)]
    parts.append(table(heading, body))
    names = ("torch", "tokenizers", "scikit-learn")
    parts.append(f"Python {python_version()}, " + ", ".join(f"{n} {version(n)}" for n in names))
    print(text := "\n\n".join(parts))
    if options.output:
        options.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
