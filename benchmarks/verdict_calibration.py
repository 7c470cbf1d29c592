"""Do the verdicts keep what they promise? Simulated studies with a known truth.

Three questions, each a table: how often the 95 % interval covers the true difference; in how many families of
54 comparisons without any true difference "helps" or "hurts" would be said; how often a difference of the size
that was called detectable is found.

    python benchmarks/verdict_calibration.py --studies 2000 --families 2000 --processes 2 --output table.md
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from math import sqrt
from pathlib import Path
from platform import python_version

import numpy as np
from simulated_studies import Classes, Design, Population, Scores, Values

from sharewise.compare.finding import Finding, Measurer
from sharewise.stats.arrays import Floats
from sharewise.stats.supposed import StudySize, SupposedModels

TASKS, ARMS = 9, 6
CHUNK = 20

PLAIN = Design(rows=934, seeds=5)
BINARY = Classes("mcc", (0.9, 0.1), (0.0238, 0.14))
FIVE_SHARES, FIVE_ERRORS = (0.5, 0.25, 0.15, 0.07, 0.03), (0.10, 0.15, 0.20, 0.25, 0.30)

OTHERS: list[tuple[str, Population, float]] = [
    ("binary", Classes("accuracy", BINARY.shares, BINARY.errors), 0.01),
    ("binary", Classes("f1", BINARY.shares, BINARY.errors), 0.01),
    ("5 classes", Classes("macro_f1", FIVE_SHARES, FIVE_ERRORS), 0.01),
    ("5 classes", Classes("mcc", FIVE_SHARES, FIVE_ERRORS), 0.01),
    ("5 levels", Classes("qwk", (0.1, 0.2, 0.3, 0.25, 0.15), (0.3,) * 5), 0.01),
    ("scores, AUROC .90", Scores("auroc", 0.1, 1.8), 0.01),
    ("scores, AUROC .98", Scores("auroc", 0.1, 2.9), 0.003),
    ("scores, AP .59", Scores("average_precision", 0.1, 1.8), 0.01),
    ("scores", Scores("brier", 0.1, 1.8), 0.01),
    ("numbers, r = .8", Values("pearson", 0.8), 0.01),
    ("numbers, r = .8", Values("spearman", 0.8), 0.01),
    ("numbers, r = .8", Values("mae", 0.8), 0.01),
]
"""Name, population and seed deviation."""


@dataclass(frozen=True)
class Cell:
    """One line of a table."""

    name: str
    population: Population
    design: Design
    comparisons: int = 1
    """Size of the family for which the effect was called detectable."""


def coverage_cells() -> list[Cell]:
    """Binary tasks in many designs, other metrics in three."""
    designs = [
        replace(PLAIN, rows=200, seeds=3),
        replace(PLAIN, rows=200),
        replace(PLAIN, rows=200, seeds=10, seed_sd=0.0),
        replace(PLAIN, seeds=3),
        PLAIN,
        replace(PLAIN, seeds=10),
        replace(PLAIN, seed_sd=0.0),
        replace(PLAIN, seed_sd=0.03, seeds=3),
        replace(PLAIN, seed_sd=0.03),
        replace(PLAIN, effect=0.05),
        replace(PLAIN, group_size=5),
        replace(PLAIN, group_size=5, seeds=10, seed_sd=0.0),
        replace(PLAIN, group_size=30),
        replace(PLAIN, rows=5_000, seeds=3),
    ]
    cells = [Cell("binary", BINARY, design) for design in designs]
    cells.append(Cell("binary", BINARY, replace(PLAIN, rows=10_000)))
    for name, population, seed_sd in OTHERS:
        for design in (
            replace(PLAIN, rows=200, seeds=3),
            PLAIN,
            replace(PLAIN, group_size=5, seeds=10, seed_sd=0.0),
        ):
            own = seed_sd if design.seed_sd else 0.0
            cells.append(Cell(name, population, replace(design, seed_sd=own)))
    return cells


def family_cells() -> list[Cell]:
    """Families without a true difference."""
    designs = (
        PLAIN,
        replace(PLAIN, seed_sd=0.0),
        replace(PLAIN, seeds=3),
        replace(PLAIN, rows=200, seeds=10),
    )
    cells = [Cell("binary", BINARY, replace(design, arms=ARMS)) for design in designs]
    cells.append(Cell("5 levels", OTHERS[4][1], replace(PLAIN, arms=ARMS)))
    cells.append(Cell("scores, AUROC .98", OTHERS[6][1], replace(PLAIN, arms=ARMS, seed_sd=0.0)))
    return cells


def power_cells() -> list[Cell]:
    """Gains and losses as large as what is called detectable before training, wherever such a one exists."""
    cases: list[tuple[str, Classes, int, int]] = [
        ("binary", BINARY, rows, seeds) for rows, seeds in ((934, 5), (934, 10), (5_000, 3), (5_000, 5))
    ]
    cases += [(name, tested, 934, 5) for name, tested, _ in OTHERS if isinstance(tested, Classes)]
    cells = []
    for name, tested, rows, seeds in cases:
        supposed = SupposedModels(tested.metric, np.array(tested.shares), np.array(tested.errors))
        for comparisons in (1, 9, 54):
            size = StudySize(rows=rows, seeds=seeds, seed_sd=PLAIN.seed_sd)
            found = supposed.detectable(size, comparisons)
            for effect in (found.gain, found.loss and -found.loss):
                if effect is not None:
                    design = replace(PLAIN, rows=rows, seeds=seeds, effect=effect)
                    cells.append(Cell(name, tested, design, comparisons=comparisons))
    return cells


def cover(cell: Cell, random: np.random.Generator) -> tuple[float, float]:
    """Whether one study's interval covers the truth, and half its width."""
    (finding,) = _findings(cell, random)
    if not finding.usable:
        return float("nan"), float("nan")
    half_width = finding.difference.half_width(0.05)
    return float(abs(finding.difference.difference - cell.design.effect) <= half_width), half_width


def find_falsely(cell: Cell, random: np.random.Generator) -> tuple[float, float]:
    """Whether anything is said in one family (Holm's first step decides that), and its size."""
    findings = [finding for _ in range(TASKS) for finding in _findings(cell, random)]
    alpha = 0.05 / len(findings)
    return float(any(_found(finding, alpha) for finding in findings)), float(len(findings))


def find(cell: Cell, random: np.random.Generator) -> tuple[float, float]:
    """Whether one study finds the difference."""
    (finding,) = _findings(cell, random)
    return float(_found(finding, 0.05 / cell.comparisons)), cell.design.effect


def _findings(cell: Cell, random: np.random.Generator) -> list[Finding]:
    measure = Measurer()
    return [measure(comparison) for comparison in cell.population.study(cell.design, random)]


def _found(finding: Finding, alpha: float) -> bool:
    return finding.usable and abs(finding.difference.difference) > finding.difference.half_width(alpha)


Question = Callable[[Cell, np.random.Generator], tuple[float, float]]


def ask(question: Question, cell: Cell, studies: int, seed: Sequence[int]) -> Floats:
    """Answers `(studies, 2)` of one chunk of studies."""
    random = np.random.default_rng(seed)
    return np.array([question(cell, random) for _ in range(studies)])


def answers(
    question: Question, cells: Sequence[Cell], studies: int, options: argparse.Namespace, *, seed: int
) -> list[tuple[Cell, Floats]]:
    """Answers of the cells asked for, in chunks over processes; a cell's draws depend on its place and the seed."""
    result = []
    with ProcessPoolExecutor(options.processes) as pool:
        for number, cell in enumerate(cells):
            if options.cells is not None and number not in options.cells:
                continue
            begun = time.perf_counter()
            chunks = max(1, studies // CHUNK)
            seeds = [(seed, number, chunk) for chunk in range(chunks)]
            work = partial(ask, question, cell, min(CHUNK, studies))
            found = np.concatenate(list(pool.map(work, seeds)))
            seconds = time.perf_counter() - begun
            print(
                f"{question.__name__} {cell.name} {cell.population.metric} {cell.design}: "
                f"{np.nanmean(found[:, 0]):.3f} in {seconds:.1f} s",
                file=sys.stderr,
            )
            result.append((cell, found))
    return result


def line(cell: Cell, found: Floats) -> list[str]:
    """What all tables say of a cell."""
    design = cell.design
    groups = f"of {design.group_size}" if design.group_size > 1 else "none"
    deviation = f"{100 * design.seed_sd:g}"
    return [cell.name, cell.population.metric, f"{design.rows:,}", groups, str(design.seeds), deviation]


COLUMNS = ["task", "metric", "rows", "groups", "seeds", "seed SD"]


def percentage(found: Floats) -> list[str]:
    """Share in per cent with its standard error, and the number of studies."""
    valid = found[~np.isnan(found[:, 0]), 0]
    share = valid.mean()
    # One more of either outcome, so that none at all does not seem to be known without error.
    supposed = (valid.sum() + 1) / (len(valid) + 2)
    error = sqrt(supposed * (1 - supposed) / len(valid))
    return [f"{100 * share:.1f} ± {100 * error:.1f}", f"{len(valid):,}"]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def coverage(options: argparse.Namespace) -> str:
    """How often the interval covers the truth."""
    covered = answers(cover, coverage_cells(), options.studies, options, seed=options.seed)
    rows = [
        [*line(c, f), f"{100 * c.design.effect:g}", *percentage(f), f"{100 * np.nanmean(f[:, 1]):.1f}"]
        for c, f in covered
    ]
    columns = [*COLUMNS, "true difference", "covered, %", "studies", "half-width"]
    return f"### Coverage of the 95 % interval\n\n{table(columns, rows)}"


def families(options: argparse.Namespace) -> str:
    """In how many families a verdict is false."""
    said = answers(find_falsely, family_cells(), options.families, options, seed=options.seed + 1)
    rows = [[*line(c, f), *percentage(f)] for c, f in said]
    heading = f"### Families of {TASKS * ARMS} without a true difference in which one is said"
    return f"{heading}\n\n{table([*COLUMNS, 'false, %', 'families'], rows)}"


def power(options: argparse.Namespace) -> str:
    """How often a detectable difference is found."""
    found = answers(find, power_cells(), options.studies, options, seed=options.seed + 2)
    rows = [
        [*line(c, f), str(c.comparisons), f"{100 * c.design.effect:+.1f}", *percentage(f)] for c, f in found
    ]
    heading = "### Studies that find a difference as large as the detectable one"
    return f"{heading}\n\n{table([*COLUMNS, 'm', 'difference', 'found, %', 'studies'], rows)}"


TABLES = {"coverage": coverage, "families": families, "power": power}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=2_000, help="simulated studies a cell")
    parser.add_argument("--families", type=int, default=2_000, help="simulated families of 54 a cell")
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument(
        "--cells",
        type=int,
        nargs="+",
        help="places of the cells to simulate in their table, from 0; else all",
    )
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, help="Markdown file to write as well, table by table")
    options = parser.parse_args()
    parts = [
        f"numpy {version('numpy')}, scipy {version('scipy')}, Python {python_version()}; seed {options.seed}. "
        "Standard errors are those of the simulation; the seed SD, differences and widths are in points."
    ]
    for name in options.tables:
        parts.append(TABLES[name](options))
        if options.output:
            options.output.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    print("\n\n".join(parts))


if __name__ == "__main__":
    main()
