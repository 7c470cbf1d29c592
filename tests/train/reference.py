"""The reference loss curve: what a fixed job's losses were when they were last written down on purpose.

``PYTHONPATH=tests python tests/train/reference.py`` writes them anew. Do that only where a change is meant to change
results, and say so in its message.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import torch

from support import make_job
from train.comparing import train

FILE = Path(__file__).with_name("assets") / "losses.json"


def reference_curve(folder: Path) -> list[dict[str, Any]]:
    """Train five tasks for twelve updates in float32 without dropout; return the losses after every third update."""
    keys = {"warmup": 0.2, "evaluate_every": 3, "learning_rate": 0.005, "weight_decay": 0.1, "stop": "never"}
    job = make_job(weights={"spam": 2.0, "topic": 0.5}, **keys)
    return [
        {
            "step": line["step"],
            "train_loss": line["train_loss"],
            "validation_loss": line["validation_loss"],
            "tasks": {
                task: {name: value for name, value in values.items() if name.endswith("_loss")}
                for task, values in line["tasks"].items()
            },
        }
        for line in train(job, folder).history
    ]


def main() -> None:
    """Write the file."""
    os.environ["ACCELERATE_USE_CPU"] = "true"
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        FILE.write_text(json.dumps(reference_curve(Path(folder)), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
