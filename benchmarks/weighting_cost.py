"""What a weighting or a training technique costs: time and memory of an update, next to equal weights.

Nine tasks on the simulated dialogues, an encoder from scratch, one thread. Each method is measured in a process of its
own, forked from one that has loaded everything; in every repetition all methods take their turn. Time is the
processor's, which other work on the machine disturbs little; memory is how far the process's peak rises over its size
before the first update.

    python benchmarks/weighting_cost.py --repetitions 2 --batch-tokens 512
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from sharewise.compare.planning import RunSpec, plan_runs
from sharewise.compare.workspace import Workspace
from sharewise.data.corpus import write_dialogues
from sharewise.data.corpus.criteria import CRITERIA
from sharewise.study import Study
from sharewise.train import Trainer
from sharewise.weighting import GRADIENTS, LOSSES

_KIB = 1024


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=2)
    parser.add_argument("--updates", type=int, default=2, help="timed, after one that isn't")
    parser.add_argument("--batch-tokens", type=int, default=512)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=256)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        workspace, specs = _prepare(Path(folder), arguments)
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in specs}
        context = multiprocessing.get_context("fork")
        for _ in range(arguments.repetitions):
            for name, spec in specs.items():
                mine, its = context.Pipe()
                process = context.Process(
                    target=_measure, args=(its, workspace, spec, Path(folder), arguments.updates)
                )
                process.start()
                measured[name].append(mine.recv())
                process.join()
    _print(measured)


def _prepare(folder: Path, arguments: argparse.Namespace) -> tuple[Workspace, dict[str, RunSpec]]:
    write_dialogues(folder, language="en", rows=700, seed=1, length="published")
    arms: dict[str, dict[str, Any]] = {method.name: {"weighting": method.name} for method in LOSSES}
    for method in GRADIENTS:
        arms[method.name] = {"weighting": method.name}
        arms[f"{method.name}, on representation"] = {
            "weighting": {"method": method.name, "on": "representation"}
        }
    techniques: dict[str, dict[str, Any]] = {"R-Drop": {"r_drop": {}}, "FGM": {"fgm": {}}}
    techniques["R-Drop and FGM"] = techniques["R-Drop"] | techniques["FGM"]
    # The first epoch, in which a curriculum draws from few rows.
    techniques["curriculum"] = {"curriculum": {"start": 0.3}}
    arms |= {name: {"training": keys} for name, keys in techniques.items()}
    study = Study(
        name="cost",
        data={
            "dialogues": {
                "train": str(folder / "train.csv"),
                "validation": str(folder / "validation.csv"),
                "text": ["human_question", "bot_response"],
            }
        },
        tasks={
            name: {"data": "dialogues", "kind": "binary", "label": f"{name}_majority", "votes": _votes(name)}
            for name in CRITERIA
        },
        encoder={"scratch": {"layers": arguments.layers, "width": arguments.width, "vocabulary": 4000}},
        training={"batch_tokens": arguments.batch_tokens, "precision": "fp32"},
        seeds=(1,),
        arms={f"arm{number}": keys for number, keys in enumerate(arms.values())},
    )
    names = {f"arm{number}": name for number, name in enumerate(arms)}
    specs = {names[spec.arm]: spec for spec in plan_runs(study) if spec.arm in names}
    workspace = Workspace(study, folder / "cache")
    # Read, tokenised and imported before any process is forked.
    for spec in specs.values():
        Trainer(workspace.job(spec), folder / "warm").probe(0)
        break
    return workspace, specs


def _votes(name: str) -> dict[str, str]:
    return {"yes": f"{name}_yes_count", "no": f"{name}_no_count"}


def _measure(connection: Any, workspace: Workspace, spec: RunSpec, folder: Path, updates: int) -> None:
    """Send the processor seconds of an update, and the mebibytes that the peak rose by."""
    trainer = Trainer(workspace.job(spec), folder / "run")
    batches = trainer.plan.epoch(0)[: updates + 1]
    before = _resident()
    trainer._update(0, batches[0])
    started = time.process_time()
    for step, rows in enumerate(batches[1:], start=1):
        trainer._update(step, rows)
    seconds = (time.process_time() - started) / updates
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KIB
    connection.send((seconds, max(0.0, peak - before)))


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / _KIB**2


def _print(measured: dict[str, list[tuple[float, float]]]) -> None:
    static = measured["static"]
    print("| what | seconds an update | × equal weights | peak MiB | more MiB than equal weights |")
    print("|---|---|---|---|---|")
    for name, found in measured.items():
        seconds = statistics.median(s for s, _ in found)
        ratio = statistics.median(s / base for (s, _), (base, _) in zip(found, static, strict=True))
        memory = statistics.median(m for _, m in found)
        more = memory - statistics.median(m for _, m in static)
        print(f"| {name} | {seconds:.2f} | {ratio:.2f} | {memory:.0f} | {more:+.0f} |")


if __name__ == "__main__":
    main()
