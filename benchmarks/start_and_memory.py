"""How long a start takes, and how much memory a large study holds.

Writes simulated dialogues of the wanted size, reads and tokenises them, then starts a second time from what was kept:
seconds after the imports until the first update has been made, part by part, and the most resident memory after a
sample of updates in two epochs.

    python benchmarks/start_and_memory.py --rows 400572
"""

from __future__ import annotations

import argparse
import itertools
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

# Beside this Python.
_COMMAND = str(Path(sys.executable).with_name("sharewise"))
SPLITS = ("train", "validation", "test")


def help_seconds(times: int = 7) -> float:
    """Return the median time of ``sharewise --help``."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run([_COMMAND, "--help"], check=True, capture_output=True)
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def start(folder: Path, steps: int) -> None:
    """Start a study on the files in this folder, make some updates, and print what that took."""
    import torch  # noqa: F401
    import torchjd  # noqa: F401
    from transformers import ModernBertModel  # noqa: F401

    import sharewise
    from sharewise.compare.planning import plan_runs
    from sharewise.compare.workspace import Workspace
    from sharewise.memory import _resident
    from sharewise.train import Trainer

    times = [("begin", time.perf_counter())]
    tasks = [c.removesuffix("_majority") for c in _header(folder) if c.endswith("_majority")]
    study = sharewise.Study(
        name="large",
        data={
            "dialogues": {split: str(folder / f"{split}.csv") for split in SPLITS}
            | {"text": ["human_question", "bot_response"], "group": "dialogue_id"}
        },
        tasks={t: {"data": "dialogues", "kind": "binary", "label": f"{t}_majority"} for t in tasks},
        encoder={"scratch": {"layers": 1, "width": 64, "vocabulary": 8000}},
        training={"epochs": 2, "batch_tokens": 4096},
        arms={"hard": {"sharing": "hard"}},
        seeds=(1,),
    )
    workspace = Workspace(study, folder / "cache")
    spec = plan_runs(study)[-1]
    workspace.data(spec.resolved)
    times.append(("reading", time.perf_counter()))
    workspace.stores(spec.resolved)
    times.append(("tokens", time.perf_counter()))
    trainer = Trainer(workspace.job(spec), folder / "run")
    times.append(("model and plan", time.perf_counter()))
    batches = trainer.plan.epoch(0)
    trainer._update(0, batches[0])
    times.append(("first update", time.perf_counter()))
    for (_, before), (name, after) in itertools.pairwise(times):
        print(f"{name}: {after - before:.2f} s")
    print(f"from the imports to the first update: {times[-1][1] - times[0][1]:.2f} s", flush=True)
    for epoch in range(2):
        rows: Any = None
        for rows in trainer.plan.epoch(epoch)[:steps]:
            trainer._update(1, rows)
            trainer.memory.after_update()
        print(f"resident after {steps} updates of epoch {epoch + 1}: {_resident() / 2**30:.2f} GiB")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"at most: {most / 2**30:.2f} GiB", flush=True)


def _header(folder: Path) -> list[str]:
    with (folder / "train.csv").open(encoding="utf-8-sig") as file:
        return file.readline().strip().split(",")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=20_000, help="of the training split")
    parser.add_argument("--steps", type=int, default=100, help="updates of each epoch")
    parser.add_argument("--start", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.start:
        start(options.start, options.steps)
        return
    from nine_criteria import machine

    from sharewise.data.corpus import write_dialogues

    print(machine("torch", "transformers"))
    print(f"sharewise --help: {help_seconds():.2f} s", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sizes = {"train": options.rows} | dict.fromkeys(SPLITS[1:], max(200, options.rows // 8))
        rows = sum(sizes.values())
        write_dialogues(folder, language="ko", rows=rows, seed=1, length="published", splits=sizes)
        for name in ("first", "second"):
            print(f"\n{name} start, {options.rows} rows", flush=True)
            again = [sys.executable, __file__, "--steps", str(options.steps), "--start", str(folder)]
            subprocess.run(again, check=True)


if __name__ == "__main__":
    main()
