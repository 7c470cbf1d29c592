"""Text to text: exact label scoring beside greedy generation and beside a forward pass a label, and training beside HF.

One encoder-decoder with random weights (a T5 of the size that the options say) is saved with a tokenizer trained on
the training sentences, and is the same for all. First Sharewise and HF's Seq2SeqTrainer train it on the same rows, as
a user would tune the latter (rows grouped by length, bfloat16, fused AdamW), alternating, each in a process of its
own; only updates are timed. Then one of the trained models answers the same sentences in the same batches, in
bfloat16, in ways that alternate: every label scored over the prefix tree, by Sharewise's kernels and by transformers'
own decoder; one answer written greedily, by `generate`, from weights in bfloat16; every label forced through encoder
and decoder by itself.

    python benchmarks/text_to_text.py --data DIR
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

ROW_BATCH, LEARNING_RATE, MAX_LENGTH = 32, 1e-3, 128
CLOCK = time.perf_counter
PREFIX = "amcd: "
SENTENCE, LABEL = "sentence", "is_counterfactual"
ANSWERS = {0: "事実", 1: "反実仮想"}
# Label sets that a task may have, beside the one that is trained on.
LABEL_SETS = {
    "2 labels": tuple(ANSWERS.values()),
    "5 labels": ("とても悪い", "悪い", "普通", "良い", "とても良い"),
    "26 numbers": tuple(f"{number / 5:.1f}" for number in range(26)),
}


class Stopwatch:
    """Time from the first update to the last."""

    def __init__(self) -> None:
        self.started = self.ended = 0.0

    def on_start(self, *, done: int, total: int) -> None:
        """Start."""
        self.started = CLOCK()

    def on_step(self, *, step: int, total: int) -> None:
        """Stop, until the next update does so again."""
        self.ended = CLOCK()

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        """Pass over."""

    def on_note(self, note: str) -> None:
        """Pass over."""

    def on_end(self) -> None:
        """Pass over."""


def make_model(folder: Path, data: Path, layers: int, width: int) -> None:
    """Save a T5 with random weights, and a tokenizer of the sentences."""
    from sharewise.models.options import ScratchOptions
    from sharewise.models.scratch import scratch_text2text
    from sharewise.models.tokenizers import for_text, train_tokenizer, wrap

    sentences = _frame(data)[SENTENCE]
    labels = pl.Series([text for texts in LABEL_SETS.values() for text in texts] * 20)
    texts = pl.DataFrame({"text": pl.concat([sentences, labels])}).with_columns(
        pair=pl.lit(None, dtype=pl.String)
    )
    tokenizer = for_text(wrap(train_tokenizer(texts, 8000)))
    torch.manual_seed(1)
    scratch_text2text(ScratchOptions(layers=layers, width=width), tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def sharewise_seconds(data: Path, model: Path, rows: int, keep: Path) -> tuple[int, float]:
    """Train one epoch with Sharewise; return rows and seconds, and leave the trained model's weights."""
    from sharewise.compare.planning import plan_runs
    from sharewise.compare.workspace import Workspace
    from sharewise.study import Study
    from sharewise.train import Trainer

    with tempfile.TemporaryDirectory() as folder:
        train = Path(folder) / "train.jsonl"
        _frame(data).head(rows).write_ndjson(train)
        study = Study(
            name="speed",
            data={"amcd": {"train": str(train), "validation": str(data / "JP_valid.tsv"), "text": SENTENCE}},
            tasks={
                "amcd": {
                    "data": "amcd",
                    "kind": "binary",
                    "label": LABEL,
                    "prefix": PREFIX,
                    "labels": ANSWERS,
                }
            },
            backend="text2text",
            encoder=str(model),
            training={
                "epochs": 1,
                "batch_rows": ROW_BATCH,
                "learning_rate": LEARNING_RATE,
                "max_length": MAX_LENGTH,
                "precision": "bf16",
            },
            seeds=(1,),
        )
        job = Workspace(study, Path(folder) / "cache").job(plan_runs(study)[0])
        watch = Stopwatch()
        trainer = Trainer(job, Path(folder) / "run", observer=watch)
        trainer.run()
        trainer.model.parts().backbone.save_pretrained(keep)
        return len(job.data.train), watch.ended - watch.started


def hf_seconds(data: Path, model: Path, rows: int, keep: Path) -> tuple[int, float]:
    """Train one epoch with HF's Seq2SeqTrainer; return rows and seconds."""
    import datasets
    import transformers

    frame = _frame(data).head(rows)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    backbone = transformers.AutoModelForSeq2SeqLM.from_pretrained(model)
    encoded = tokenizer([PREFIX + s for s in frame[SENTENCE]], truncation=True, max_length=MAX_LENGTH)
    labels = tokenizer(text_target=[ANSWERS[label] for label in frame[LABEL]])["input_ids"]

    watch = Stopwatch()

    class Watch(transformers.TrainerCallback):
        def on_train_begin(self, *arguments: Any, **keywords: Any) -> None:
            watch.on_start(done=0, total=0)

        def on_step_end(self, *arguments: Any, **keywords: Any) -> None:
            watch.on_step(step=0, total=0)

    with tempfile.TemporaryDirectory() as folder:
        transformers.Seq2SeqTrainer(
            model=backbone,
            args=transformers.Seq2SeqTrainingArguments(
                output_dir=folder,
                num_train_epochs=1,
                per_device_train_batch_size=ROW_BATCH,
                learning_rate=LEARNING_RATE,
                warmup_steps=0.1,
                bf16=True,
                train_sampling_strategy="group_by_length",
                optim="adamw_torch_fused",
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
                use_cpu=True,
                seed=1,
            ),
            train_dataset=datasets.Dataset.from_dict({**encoded, "labels": labels}),
            data_collator=transformers.DataCollatorForSeq2Seq(tokenizer, model=backbone),
            callbacks=[Watch()],
        ).train()
    return len(frame), watch.ended - watch.started


TRAINERS = {"Sharewise": sharewise_seconds, "Seq2SeqTrainer": hf_seconds}


def training(options: argparse.Namespace, model: Path, keep: Path) -> dict[str, list[float]]:
    """Train with both in turn; return rows a second by name."""
    speeds: dict[str, list[float]] = {name: [] for name in TRAINERS}
    for repetition in range(options.repetitions):
        for name, found in speeds.items():
            arguments = [*sys.argv[1:], "--one", name, "--model", str(model), "--keep", str(keep)]
            command = [sys.executable, __file__, *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            answer = json.loads(done.stdout.strip().splitlines()[-1])
            found.append(answer["rows"] / answer["seconds"])
        _note(f"training, pair {repetition + 1}: " + _told({n: f[-1] for n, f in speeds.items()}))
    return speeds


def scoring(options: argparse.Namespace, model: Path, trained: Path) -> dict[str, dict[str, list[float]]]:
    """Answer the test sentences in each way; return seconds by label set and way."""
    import transformers

    from sharewise.data.batches import evaluation_batches
    from sharewise.memory import keep_memory
    from sharewise.models.kernels import install_parts
    from sharewise.models.text2text.quick import quick_label_scores
    from sharewise.models.text2text.scoring import label_scores
    from sharewise.models.text2text.tree import prefix_tree
    from sharewise.train.scoring import SCORING_TOKENS

    keep_memory()  # As in training; all ways gain by it.
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    backbone = transformers.AutoModelForSeq2SeqLM.from_pretrained(trained).eval()
    quick = transformers.AutoModelForSeq2SeqLM.from_pretrained(trained).eval()
    install_parts(quick, native=True)
    low = transformers.AutoModelForSeq2SeqLM.from_pretrained(trained, dtype=torch.bfloat16).eval()
    start = backbone.config.decoder_start_token_id
    sentences = (
        pl.read_csv(options.data / "JP_test.tsv", separator="\t", quote_char=None)[SENTENCE]
        .head(options.texts)
        .to_list()
    )
    ids = tokenizer([PREFIX + s for s in sentences], truncation=True, max_length=MAX_LENGTH)["input_ids"]
    lengths = np.array([len(text) for text in ids])
    batches = []
    for rows in evaluation_batches(lengths, np.arange(len(ids)), SCORING_TOKENS["cpu"]):
        padded = tokenizer.pad({"input_ids": [ids[row] for row in rows]}, return_tensors="pt")
        batches.append((padded["input_ids"], padded["attention_mask"]))

    def encode(inputs: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = backbone.get_encoder()(input_ids=inputs, attention_mask=mask).last_hidden_state
        return states

    found: dict[str, dict[str, list[float]]] = {}
    for title, texts in LABEL_SETS.items():
        labels = [tokenizer(text_target=text)["input_ids"] for text in texts]
        tree = prefix_tree(labels, start)
        longest = max(map(len, labels))

        def quickly(inputs: torch.Tensor, mask: torch.Tensor, tree: Any = tree) -> None:
            quick_label_scores(quick, inputs, mask, tree)

        def over_the_tree(inputs: torch.Tensor, mask: torch.Tensor, tree: Any = tree) -> None:
            label_scores(backbone, encode(inputs, mask), mask, tree)

        def written(inputs: torch.Tensor, mask: torch.Tensor, longest: int = longest) -> None:
            with torch.autocast("cpu", enabled=False):
                low.generate(
                    input_ids=inputs,
                    attention_mask=mask,
                    max_new_tokens=longest,
                    num_beams=1,
                    do_sample=False,
                )

        def one_by_one(inputs: torch.Tensor, mask: torch.Tensor, labels: list[list[int]] = labels) -> None:
            for label in labels:
                gold = torch.tensor([label]).repeat(len(inputs), 1)
                fed = torch.cat([torch.full_like(gold[:, :1], start), gold[:, :-1]], dim=1)
                logits = backbone(
                    input_ids=inputs, attention_mask=mask, decoder_input_ids=fed, use_cache=False
                ).logits
                logits.float().log_softmax(dim=2).gather(2, gold.unsqueeze(2)).sum(dim=(1, 2))

        ways: dict[str, Callable[..., None]] = {
            "kernels": quickly,
            "tree": over_the_tree,
            "generate": written,
        }
        if len(labels) < 10:
            ways["a forward a label"] = one_by_one
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for repetition in range(options.repetitions + 1):
            for way, answer in ways.items():
                with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16), _timed() as taken:
                    for inputs, mask in batches:
                        answer(inputs, mask)
                if repetition:  # The first time warms up.
                    seconds[way].append(taken[0])
        _note(f"{title}: " + _told({way: statistics.median(s) for way, s in seconds.items()}))
        found[title] = seconds
    return found


def _frame(data: Path) -> pl.DataFrame:
    return pl.read_csv(data / "JP_train.tsv", separator="\t", quote_char=None)


@contextmanager
def _timed() -> Iterator[list[float]]:
    taken: list[float] = []
    started = CLOCK()
    yield taken
    taken.append(CLOCK() - started)


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _told(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in values.items())


def _ratios(one: list[float], other: list[float]) -> str:
    """The median of pairs, and their range."""
    found = [a / b for a, b in zip(one, other, strict=True)]
    return f"{statistics.median(found):.2f} ({min(found):.2f} to {max(found):.2f})"


def main() -> None:
    """Measure, and print Markdown tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with AMCD's JP_*.tsv")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--rows", type=int, default=256, help="training rows")
    parser.add_argument("--texts", type=int, default=96, help="test sentences that are answered")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--one", choices=list(TRAINERS), help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        rows, seconds = TRAINERS[options.one](options.data, options.model, options.rows, options.keep)
        print(json.dumps({"rows": rows, "seconds": seconds}))
        return
    with tempfile.TemporaryDirectory() as folder:
        model, keep = Path(folder) / "model", Path(folder) / "trained"
        make_model(model, options.data, options.layers, options.width)
        speeds = training(options, model, keep)
        seconds_of = scoring(options, model, keep)
    libraries = ", ".join(f"{p} {version(p)}" for p in ("torch", "transformers", "accelerate"))
    print(
        f"{platform.machine()}, {torch.get_num_threads()} threads, Python {platform.python_version()}, {libraries}"
    )
    print(
        f"T5 of {options.layers} + {options.layers} layers × {options.width}; {options.repetitions} repetitions\n"
    )
    print("| training | rows/s, median | range |\n|---|---|---|")
    for name, found in speeds.items():
        print(f"| {name} | {statistics.median(found):.1f} | {min(found):.1f} to {max(found):.1f} |")
    print(f"| ratio, pair by pair | {_ratios(*speeds.values())} | |\n")
    print("| labels | scored by kernels, s | transformers' decoder | generate | a forward a label |")
    print("|---|---|---|---|---|")
    for title, ways in seconds_of.items():
        others = [
            _ratios(ways[way], ways["kernels"]) if way in ways else ""
            for way in ("tree", "generate", "a forward a label")
        ]
        print(f"| {title} | {statistics.median(ways['kernels']):.2f} | {' | '.join(others)} |")


if __name__ == "__main__":
    main()
