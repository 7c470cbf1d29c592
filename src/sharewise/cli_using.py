"""The commands for the model in use: model, predict, export, serve; thin as all commands are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from sharewise.errors import UserError

using = typer.Typer(rich_markup_mode=None)

ModelFolder = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A model's folder, such as runs/dialogue-quality/model.")
]
Engines = Annotated[
    Literal["auto", "torch", "torch-bf16", "torch-int8", "onnx", "onnx-int8"],
    typer.Option(
        "--engine",
        help="auto: the fastest here of PyTorch in float32, in bfloat16, in 8-bit integers where the model bears them, "
        "and the float32 export.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of text.")]


@using.command(epilog="Example: sharewise model runs/dialogue-quality -o dialogue-model --licence apache-2.0")
def model(
    folder: Annotated[Path, typer.Argument(metavar="RUNS", help="A study's folder below runs/.")],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder to write; one that is there makes way.")
    ],
    arm: Annotated[str | None, typer.Option("--arm", help="Another arm than the recommended one.")] = None,
    licence: Annotated[
        str | None, typer.Option("--licence", help="Of the model, as the hub names it: apache-2.0.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the recommended model into one folder, to be used or sent on."""
    from sharewise.compare import load_results, ship

    shipped = ship(load_results(folder), folder, output, arm=arm, licence=licence)
    if as_json:
        typer.echo(json.dumps({**vars(shipped), "folder": str(shipped.folder)}, ensure_ascii=False))
        return
    what = "a model" if shipped.models == 1 else f"{shipped.models} models that answer together"
    typer.echo(f"{shipped.reason}\nwritten: {output}: {what}, of arm {shipped.arm} and seed {shipped.seed}")


@using.command(epilog="Example: sharewise predict dialogue-model new.csv -o answers.csv")
def predict(
    folder: ModelFolder,
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="csv, tsv, jsonl, parquet (.gz, .zst); - is standard input.")
    ],
    output: Annotated[str, typer.Option("-o", "--output", help="Likewise; - is standard output.")],
    text: Annotated[
        list[str] | None,
        typer.Option(
            "--text", help="Column with the text; twice for a pair. The training data's if left out."
        ),
    ] = None,
    context: Annotated[
        list[str] | None,
        typer.Option(
            "--context",
            help="Column with an earlier turn, the oldest first. The training data's if left out.",
        ),
    ] = None,
    no_context: Annotated[
        bool, typer.Option("--no-context", help="Score each text without what was said before it.")
    ] = False,
    tasks: Annotated[
        str | None, typer.Option("--tasks", help="Names with commas between; all if left out.")
    ] = None,
    on_error: Annotated[
        Literal["stop", "apart"],
        typer.Option("--on-error", help="Stop at a bad row, or put it apart: OUTPUT.rejected.jsonl."),
    ] = "stop",
    input_format: Annotated[
        str | None, typer.Option("--input-format", help="Where the name says none.")
    ] = None,
    output_format: Annotated[
        str | None, typer.Option("--output-format", help="Where the name says none.")
    ] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", help="Found out if left out.")] = None,
    engine: Engines = "auto",
    restart: Annotated[bool, typer.Option("--restart", help="Forget what a stopped run has done.")] = False,
    as_json: Json = False,
) -> None:
    """Score a file of any size. Stopped or killed, the same command goes on where it was."""
    from sharewise.serve import Scorer, predict_file
    from sharewise.serve.console import watching

    if context and no_context:
        raise UserError("--context and --no-context say two things", action="give one of them")

    with watching(quiet=as_json) as watch:
        done = predict_file(
            Scorer.load(folder, engine=engine),
            source,
            output,
            text=text,
            tasks=None if tasks is None else [name.strip() for name in tasks.split(",")],
            on_error=on_error,
            input_format=input_format,
            output_format=output_format,
            encoding=encoding,
            restart=restart,
            watch=watch,
            context=False if no_context else context,
        )
    if as_json:
        facts = {**vars(done), "rejected_file": str(done.rejected_file) if done.rejected_file else None}
        typer.echo(json.dumps(facts, ensure_ascii=False), err=output == "-")
    elif output != "-":
        before = f", {done.resumed:,} of them before" if done.resumed else ""
        typer.echo(f"written: {output}: {done.rows:,} rows{before}")
        if done.rejected_file:
            typer.echo(f"written: {done.rejected_file}: {done.rejected:,} rows that could not be scored")


@using.command(epilog="Example: sharewise export dialogue-model --onnx")
def export(
    folder: ModelFolder,
    onnx: Annotated[bool, typer.Option("--onnx", help="One ONNX file for all heads.")] = False,
    int8: Annotated[bool, typer.Option("--int8/--no-int8", help="Also in 8-bit integers.")] = True,
    as_json: Json = False,
) -> None:
    """Export a model for onnxruntime. What differs from PyTorch is refused."""
    from sharewise.serve.http import needs_extra

    if not onnx:
        raise UserError("no format was named", action="add `--onnx`, the only one")
    with needs_extra("onnx"):
        from sharewise.serve.export import export_onnx
    done = export_onnx(folder, int8=int8)
    if as_json:
        typer.echo(done.facts.model_dump_json(by_alias=True))
        return
    typer.echo(
        f"written: {done.folder / 'model.onnx'}: differs from PyTorch by {done.facts.difference:.1g} at most"
    )
    if done.facts.agreement:
        task, share = min(done.facts.agreement.items(), key=lambda item: item[1])
        kept = (
            f"written: {done.folder / 'model.int8.onnx'}"
            if done.int8
            else "no file in 8-bit integers is kept"
        )
        typer.echo(f"{kept}: of decisions on random tokens {share:.1%} stay at worst ({task})")


@using.command(epilog="Example: sharewise serve dialogue-model --port 8000")
def serve(
    folder: ModelFolder,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 8000,
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="Processes, each with the model.")
    ] = 1,
    engine: Engines = "auto",
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file", help="Holds the bearer token; else SHAREWISE_TOKEN does. Loopback needs none."
        ),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A limit: max_texts=64. See the guide. Can be repeated."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve a model: HTTP API, and a page to try texts on."""
    from sharewise.serve.http import needs_extra

    with needs_extra("serve"):
        from sharewise.serve.http.running import serve as run
        from sharewise.serve.http.settings import options_of
    run(options_of(folder, host, port, workers, engine, token_file, set_ or []), as_json=as_json)
