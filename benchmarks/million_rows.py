"""A million rows through `sharewise predict`, and the memory that it takes on the way.

A small model (two layers of 128) with nine heads scores a csv file of short simulated dialogues, each of 20,000 again
and again; resident memory is looked at ten times a second.

    python benchmarks/million_rows.py
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from nine_criteria import dialogues, machine, save_small
from serving import Memory

DISTINCT = 20_000


def main() -> None:
    """Measure, and print a sentence."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = dialogues(DISTINCT, "short")
        save_small(folder / "model", pairs)
        with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "human_question", "bot_response"])
            writer.writerows([number, *pairs[number % DISTINCT]] for number in range(options.rows))
        size = (folder / "rows.csv").stat().st_size / 2**20
        command = [sys.executable, "-m", "sharewise.cli", "predict", str(folder / "model")]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*command, str(folder / "rows.csv"), "-o", str(folder / "out.csv"), "--json"]
        )
        seen = []
        with Memory(psutil.Process(process.pid)) as memory:
            while process.poll() is None:
                time.sleep(1.0)
                # The highest of each second; at the very end the process may be gone.
                seen.append(memory.highest)
                memory.highest = 0.0
        seconds = time.perf_counter() - began
        if process.returncode:
            raise SystemExit("predict failed")
        with (folder / "out.csv").open("rb") as file:
            lines = sum(1 for _ in file)
        tenth = seen[len(seen) // 10]
        print(
            f"{machine('torch')}: {lines - 1:,} rows ({size:,.0f} MiB) in {seconds:,.0f} s; "
            f"{tenth:,.0f} MiB after a tenth of the time, {max(seen):,.0f} MiB at most"
        )


if __name__ == "__main__":
    main()
