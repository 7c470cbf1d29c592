"""Scoring beside transformers pipelines: nine criteria from one model, from nine pipelines, and one from one.

Pipelines run as their users run them, 32 texts at a time in float32; Sharewise with every engine, of which it takes
the fastest by itself. Repetitions alternate in one process, because machines drift; the ratios are of rows a second
within a repetition.

    python benchmarks/scoring.py --repetitions 3

With a trained model and labelled rows it prints instead what each engine's arithmetic does to each task's MCC:

    python benchmarks/scoring.py --model runs/study/model --rows test.csv
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nine_criteria import MAX_LENGTH, dialogues, machine, save_pipelines, save_shared

BATCH = 32
# Texts a repetition: so many that each rival takes some seconds.
TEXTS, ONE, NINE = 1024, 256, 32
ENGINES = ("torch", "torch-bf16", "torch-int8", "onnx", "onnx-int8")


def rates(repetitions: int, folder: Path) -> None:
    """Print rows a second and ratios."""
    from transformers import pipeline
    from transformers.utils import logging

    from sharewise.serve import Scorer
    from sharewise.serve.engines import INT8
    from sharewise.serve.export import export_onnx

    logging.set_verbosity_error()
    shared = folder / "shared"
    if not shared.exists():
        save_shared(shared)
        save_pipelines(folder / "single")
    if not (shared / "onnx").exists():
        export_onnx(shared)
    pairs = dialogues(TEXTS)
    given = [{"text": text, "text_pair": pair} for text, pair in pairs]
    pipelines = [
        pipeline("text-classification", model=str(single), truncation=True, max_length=MAX_LENGTH)
        for single in sorted((folder / "single").iterdir())
    ]
    chosen = Scorer.load(shared)
    # Of random weights the 8-bit export may be too far to be kept.
    there = [name for name in ENGINES if name != "onnx-int8" or (shared / "onnx" / INT8).exists()]
    scorers = {name: chosen.with_engine(name) for name in there}
    print(f"{machine('torch', 'transformers', 'onnxruntime')}; taken by itself: {chosen.engine}\n")
    runs: dict[str, tuple[int, Callable[[], Any]]] = {
        "nine pipelines": (NINE, lambda: [list(p(given[:NINE], batch_size=BATCH)) for p in pipelines]),
        "one pipeline, one criterion": (ONE, lambda: list(pipelines[0](given[:ONE], batch_size=BATCH))),
        **{
            f"Sharewise, {name}": (TEXTS, lambda scorer=scorer: scorer.scores(pairs))
            for name, scorer in scorers.items()
        },
    }
    found: dict[str, list[float]] = {name: [] for name in runs}
    for repetition in range(repetitions + 1):
        for name, (rows, run) in runs.items():
            began = time.perf_counter()
            run()
            if repetition:  # The first warms up.
                found[name].append(rows / (time.perf_counter() - began))
    ours = found[f"Sharewise, {chosen.engine}"]
    print("| what | rows/s, median | range | Sharewise is faster by |\n|---|---|---|---|")
    for name, speeds in found.items():
        ratio = statistics.median(a / b for a, b in zip(ours, speeds, strict=True))
        middle = f"{statistics.median(speeds):,.1f}"
        print(f"| {name} | {middle} | {min(speeds):,.1f} to {max(speeds):,.1f} | {ratio:.1f} |")


def precision(folder: Path, file: Path) -> None:
    """Print each task's MCC in float32, and how far from it other arithmetic is."""
    import polars as pl
    from sklearn.metrics import matthews_corrcoef

    from sharewise.models.calibration import decided
    from sharewise.serve import Scorer
    from sharewise.serve.export import export_onnx
    from sharewise.serve.scorer import texts_of

    if not (folder / "onnx").exists():
        export_onnx(folder)
    frame = pl.read_csv(file, separator="\t" if file.suffix == ".tsv" else ",")
    exact = Scorer.load(folder, engine="torch")
    texts = texts_of([frame[name].to_list() for name in exact.columns_in(frame.columns)])
    print(f"{len(texts)} rows; MCC × 100, and the difference from it\n")
    columns: dict[str, dict[str, float]] = {}
    for name in ENGINES:
        for task, scores in exact.with_engine(name).scores(texts).items():
            kind = exact.tasks[task]
            truth = kind.encode(frame[kind.options.label])[:, 0]
            found = decided(kind, scores, exact.thresholds.get(task))
            columns.setdefault(task, {})[name] = 100 * float(matthews_corrcoef(truth, found))
    print(f"| task | {' | '.join(ENGINES)} |\n|---|{'---|' * len(ENGINES)}")
    for task, by_engine in columns.items():
        first = by_engine["torch"]
        others = " | ".join(f"{value - first:+.2f}" for name, value in by_engine.items() if name != "torch")
        print(f"| {task} | {first:.2f} | {others} |")


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "sharewise-serving")
    parser.add_argument("--model", type=Path, help="a trained model of binary tasks")
    parser.add_argument("--rows", type=Path, help="csv or tsv with its text columns and labels")
    options = parser.parse_args()
    if options.model is None:
        rates(options.repetitions, options.folder)
    else:
        precision(options.model, options.rows)


if __name__ == "__main__":
    main()
