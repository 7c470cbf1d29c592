"""The commands: parse, call, print. Everything heavy is imported inside the command that needs it."""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from sharewise.cli_using import using
from sharewise.errors import RunError, UserError
from sharewise.version import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from sharewise.compare import Estimate
    from sharewise.report.progress import ConsoleObserver
    from sharewise.study import Study


class _Commands(TyperGroup):
    """Says what Ctrl-C leaves behind; typer would end without a word."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise RunError("stopped; run the same command again to go on where it stopped") from None


app = typer.Typer(
    name="sharewise",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
corpus = typer.Typer(
    no_args_is_help=True,
    help="Write the bundled simulated corpus to files.",
    epilog="Example: sharewise corpus dialogue --language en --rows 5000 -o data",
)
app.add_typer(corpus, name="corpus")
# Without a name: its commands stand beside the others.
app.add_typer(using)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file, in YAML.")]
Runs = Annotated[Path, typer.Option("--runs", help="Folder in which all runs land.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key of the study file; can be repeated."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of text.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sharewise {__version__}")
        raise typer.Exit


@app.callback(epilog="Example: sharewise compare study.yaml --plan")
def common(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; goes before the command.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Train several text-classification tasks on one encoder, and learn whether sharing helped each of them."""


@app.command(epilog="Example: sharewise init train.csv valid.csv test.csv > study.yaml")
def init(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="The data: one file, or several splits or sets.")
    ],
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write here; else print.")] = None,
    as_json: Json = False,
) -> None:
    """Write a study file from your own data, every choice commented."""
    from sharewise.files import write_text
    from sharewise.study import draft

    text = draft(files, folder=output.parent if output else None)
    if output is not None:
        if output.exists():
            raise UserError(f"{output} exists already", action="name another file, or move this one away")
        write_text(output, text)
    if as_json:
        typer.echo(
            json.dumps({"study": text, "written": str(output) if output else None}, ensure_ascii=False)
        )
    elif output is None:
        typer.echo(text, nl=False)
    else:
        typer.echo(f"{output} is written; next: sharewise compare {output} --plan")


@app.command(epilog="Example: sharewise audit study.yaml --write-groups")
def audit(
    study: StudyFile,
    runs: Runs = Path("runs"),
    set_: Set = None,
    write_groups: Annotated[
        bool,
        typer.Option(
            "--write-groups", help="Write the suggested groups of tasks into the study file, as an arm."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at the data before a step is trained: balance, lengths, leaks, raters, groups of tasks, power."""
    from sharewise.compare.auditing import audit_study, suggested_arm
    from sharewise.compare.comparison import study_folder
    from sharewise.report.audit import print_audit, write_audit
    from sharewise.study.writing import write_arm

    loaded = _load(study, set_)
    found = audit_study(loaded, runs=runs)
    folder = study_folder(loaded, runs)
    page = write_audit(found, folder)
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        print_audit(found, _console())
        for path in (page, folder / "audit.json", folder / "audit-rows.csv"):
            typer.echo(f"written: {path}")
    if write_groups:
        write_arm(study, "grouped", suggested_arm(found))
        if not as_json:
            typer.echo(f"{study}: arm `grouped` is written; next: sharewise compare {study} --plan")


@app.command(epilog="Example: sharewise affinity study.yaml --groups 3 --write-groups")
def affinity(
    study: StudyFile,
    runs: Runs = Path("runs"),
    set_: Set = None,
    groups: Annotated[
        int | None,
        typer.Option("--groups", help="Groups at most; a third of the tasks if left out, two at least."),
    ] = None,
    by: Annotated[
        Literal["lookahead", "estimate", "cosine"],
        typer.Option("--by", help="What decides the groups; all are shown."),
    ] = "lookahead",
    seed: Annotated[
        list[int] | None,
        typer.Option("--seed", min=0, help="Of a run to look at; can be repeated. The study's first one."),
    ] = None,
    every: Annotated[
        int | None,
        typer.Option("--every", min=1, help="Updates between two looks; 50 looks a run if left out."),
    ] = None,
    cells: Annotated[
        int, typer.Option("--cells", min=8, help="Labels a task that the estimates are made from.")
    ] = 256,
    write_groups: Annotated[
        bool,
        typer.Option(
            "--write-groups", help="Write the groups into the study file, as the arm `by_affinity`."
        ),
    ] = False,
    sharing: Annotated[
        Literal["group_encoders", "grouped", "interaction"],
        typer.Option("--sharing", help="How that arm shares in its groups."),
    ] = "group_encoders",
    as_json: Json = False,
) -> None:
    """Measure which tasks help which while all are trained together, and find the groups that follow."""
    from sharewise.compare import study_folder
    from sharewise.compare.affinity import MeasureOptions, affinity_arm, measure_affinity
    from sharewise.report.affinity import print_affinity, write_affinity
    from sharewise.study.writing import write_arm

    loaded = _load(study, set_)
    with _observer(loaded, quiet=as_json) as observer:
        found = measure_affinity(
            loaded,
            runs=runs,
            seeds=seed or (),
            by=by,
            groups=groups,
            options=MeasureOptions(every=every, cells=cells),
            observer=observer,
        )
    folder = study_folder(loaded, runs)
    page = write_affinity(found, folder)
    if as_json:
        typer.echo(found.model_dump_json(by_alias=True))
    else:
        print_affinity(found, _console())
        for path in (page, folder / "affinity.json"):
            typer.echo(f"written: {path}")
    if write_groups:
        write_arm(study, "by_affinity", affinity_arm(found, sharing))
        if not as_json:
            typer.echo(f"{study}: arm `by_affinity` is written; next: sharewise compare {study} --plan")


@app.command(epilog="Example: sharewise compare study.yaml --set training.epochs=1 --plan")
def compare(
    study: StudyFile,
    runs: Runs = Path("runs"),
    plan: Annotated[bool, typer.Option("--plan", help="Say what it would take, and train nothing.")] = False,
    set_: Set = None,
    workers: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Runs side by side; chosen by the machine if left out."),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse arms with unequal budgets or rules of selection.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train all arms with all seeds, and judge them. Run again, it goes on where it stopped."""
    from sharewise.compare import compare as compare_study
    from sharewise.compare import estimate, study_folder

    loaded = _load(study, set_)
    if plan:
        plan_found = estimate(loaded, runs=runs, workers=workers, strict=strict)
        _print_plan(plan_found, as_json=as_json, halving=loaded.halves)
        return
    with _observer(loaded, quiet=as_json) as observer:
        results = compare_study(loaded, runs=runs, observer=observer, workers=workers, strict=strict)
    folder = study_folder(loaded, runs)
    _report(folder, as_json=as_json)
    if not as_json:
        typer.echo(f"{len(results.runs)} runs; `sharewise report {folder}` writes the reports anew.")


@app.command(epilog="Example: sharewise train study.yaml --arm hard --seed 1")
def train(
    study: StudyFile,
    arm: Annotated[str, typer.Option("--arm", help="An arm of the study, or `single`.")],
    seed: Annotated[int, typer.Option("--seed", min=0)],
    runs: Runs = Path("runs"),
    set_: Set = None,
    as_json: Json = False,
) -> None:
    """Make the run of one arm and seed. Of `single`, that is a model a task."""
    from sharewise.compare import study_folder, train_one

    loaded = _load(study, set_)
    with _observer(loaded, quiet=as_json) as observer:
        finished = train_one(loaded, arm=arm, seed=seed, runs=runs, observer=observer)
    if as_json:
        typer.echo(json.dumps([run.record.model_dump(mode="json") for run in finished], ensure_ascii=False))
        return
    for run in finished:
        for task, by_split in run.record.metrics.items():
            metric = loaded.tasks[task].primary_metric
            numbers = ", ".join(f"{split} {m[metric]:.4f}" for split, m in by_split.items() if metric in m)
            typer.echo(f"{run.record.arm} {task}: {metric} {numbers}")
        typer.echo(f"  {study_folder(loaded, runs) / run.record.folder}")


@app.command(epilog="Example: sharewise report runs/dialogue-quality")
def report(
    folder: Annotated[
        Path, typer.Argument(metavar="RUNS", help="A study's folder below runs/, or its results.json.")
    ],
    as_json: Json = False,
) -> None:
    """Write the reports anew from results.json. The tables are printed too."""
    _report(folder, as_json=as_json)


@corpus.command(epilog="Example: sharewise corpus dialogue --language ko --rows 5000 -o data")
def dialogue(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")] = Path("dialogues"),
    language: Annotated[Literal["ko", "en", "ja"], typer.Option("--language", help="ko, en or ja.")] = "ko",
    rows: Annotated[int, typer.Option("--rows", min=10, help="Rows over all splits.")] = 5000,
    test: Annotated[
        int | None, typer.Option("--test", min=1, help="Rows of the test split; a tenth if left out.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0)] = 1,
    length: Annotated[
        Literal["short", "published"],
        typer.Option("--length", help="About 25 or 62 word pieces a row; Japanese 41 or 124."),
    ] = "short",
    format_: Annotated[Literal["csv", "parquet"], typer.Option("--format", help="csv or parquet.")] = "csv",
    as_json: Json = False,
) -> None:
    """Write simulated dialogues. Three raters judged each answer by nine criteria."""
    from sharewise.data.corpus import write_dialogues

    held_out = round(rows / 10)
    splits = None if test is None else {"train": rows - held_out - test, "validation": held_out, "test": test}
    written = write_dialogues(
        output, language=language, rows=rows, seed=seed, length=length, format=format_, splits=splits
    )
    paths = {name: str(path) for name, path in written.items()}
    typer.echo(json.dumps(paths) if as_json else "\n".join(f"{name}: {path}" for name, path in paths.items()))


def main() -> None:
    """Run a command; exit with 0 done, 1 failed, 2 the user's input is wrong."""
    try:
        app(prog_name="sharewise")
    except UserError as error:
        _fail(str(error), 2)
    except RunError as error:
        _fail(str(error), 1)
    except Exception as error:
        text = " ".join(str(error).split())
        _fail(f"unexpected {type(error).__name__}: {text} (`sharewise --debug …` shows where)", 1)


def _fail(message: str, code: int) -> None:
    from rich.console import Console

    if "--debug" in sys.argv[1:]:
        traceback.print_exc()
    Console(stderr=True).print("error: ", style="bold red", end="")
    sys.stderr.write(message + "\n")
    sys.exit(code)


def _console() -> Console:
    from rich.console import Console

    return Console()


def _load(file: Path, overrides: list[str] | None) -> Study:
    from sharewise.study import load_study

    return load_study(file, overrides=overrides or [])


def _observer(study: Study, *, quiet: bool) -> ConsoleObserver:
    from rich.console import Console

    from sharewise.report.progress import ConsoleObserver

    # Progress goes to standard error, so that standard output holds results alone.
    return ConsoleObserver(Console(stderr=True, quiet=quiet), study)


def _report(folder: Path, *, as_json: bool) -> None:
    from sharewise.compare import load_results
    from sharewise.report import print_results, write_reports

    results = load_results(folder)
    written = write_reports(results, folder if folder.is_dir() else folder.parent)
    if as_json:
        typer.echo(results.model_dump_json(by_alias=True))
        return
    print_results(results, _console())
    for path in written.values():
        typer.echo(f"written: {path}")


def _print_plan(plan: Estimate, *, as_json: bool, halving: bool) -> None:
    from dataclasses import asdict

    from rich.table import Table
    from rich.text import Text

    if as_json:
        typer.echo(json.dumps(asdict(plan)))
        return
    table = Table(title="What this study takes", title_justify="left")
    for column in ("run", "updates", "rows", "minutes"):
        table.add_column(column, justify="left" if column == "run" else "right")
    for run in plan.runs:
        left = "on disk" if run.on_disk else f"{run.seconds / 60:.1f}"
        # As text, for `single[ARM]` would be taken for markup.
        table.add_row(Text(run.label), f"{run.updates:,}", f"{run.rows:,}", left)
    _console().print(table)
    done = sum(run.on_disk for run in plan.runs)
    savers = "early stopping and halving" if halving else "early stopping"
    most = " at most" if halving else ""
    typer.echo(
        f"{len(plan.runs)} runs{most}, {done} of them on disk\n"
        f"about {_hours(plan.seconds)} with {plan.workers} side by side; {savers} may save some\n"
        f"{_size(plan.kept_bytes)} of weights stay on disk, {_size(plan.peak_bytes)} at most on the way"
    )


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"


def _size(number: int) -> str:
    return f"{number / 2**30:,.1f} GiB" if number >= 2**30 else f"{number / 2**20:,.1f} MiB"


if __name__ == "__main__":
    main()
