"""Files of any size, scored in constant memory; what a killed run has done is done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from sharewise.data.reading.windows import BadRow, Window, format_of, read_windows
from sharewise.errors import UserError
from sharewise.files import locked
from sharewise.serve.before import Before, before_rows, in_context
from sharewise.serve.parts import Parts, file_facts
from sharewise.serve.scorer import WINDOW, Scorer, texts_of
from sharewise.serve.usable import unusable
from sharewise.serve.writing import Shape, bad_lines, join_parts
from sharewise.tasks import Array
from sharewise.version import __version__

# Is told of progress: rows done, and the share of the input read where that is known.
Watch = Callable[[int, float | None], None]
# Gives the scores of texts by task; the scorer itself, or a queue before it.
Compute = Callable[[list[Any], list[str]], dict[str, Array]]


@dataclass(frozen=True, kw_only=True)
class Predicted:
    """What was done.

    Attributes:
        rows: rows that were scored.
        rejected: rows that couldn't be.
        rejected_file: where they are, if there are any.
        resumed: rows among them all that an earlier, killed run had done.
        engine: what computed.
    """

    rows: int
    rejected: int
    rejected_file: Path | None
    resumed: int
    engine: str


def predict_file(
    scorer: Scorer,
    source: str | Path,
    output: str | Path,
    *,
    text: str | Sequence[str] | None = None,
    tasks: Iterable[str] | None = None,
    on_error: Literal["stop", "apart"] = "stop",
    input_format: str | None = None,
    output_format: str | None = None,
    encoding: str | None = None,
    restart: bool = False,
    window: int = WINDOW,
    watch: Watch | None = None,
    compute: Compute | None = None,
    context: Sequence[str] | Literal[False] | None = None,
) -> Predicted:
    """Score a file row by row: its columns, then the answers, in its order.

    Rows are read, sorted by length and scored a window at a time. From file to file the work can be killed at any
    moment: run again with the same arguments, it goes on behind the last finished window.

    Args:
        scorer: the model.
        source: csv, tsv, jsonl or parquet, text formats also with .gz or .zst; ``-`` for standard input.
        output: likewise; ``-`` for standard output.
        text: the one or two columns with the text; those of the training data if None.
        tasks: names of tasks; all if None.
        on_error: ``stop`` at the first row that can't be scored, or put such rows ``apart``, with the reason, into
            ``<output>.rejected.jsonl``.
        input_format: csv, tsv, jsonl or parquet, where the name doesn't say it.
        output_format: likewise; of standard output the input's own if None.
        encoding: of a text file; found out if None.
        restart: forget what an earlier run has done.
        window: records read at a time.
        watch: is told of progress.
        compute: what computes the scores; the scorer itself if None.
        context: the columns with earlier turns, the oldest first; as in the training data if None, no earlier turns
            if False.

    Raises:
        UserError: where the input is wrong, or the model lacks what is asked for.
    """
    source, output = str(source), str(output)
    chosen = scorer.chosen(tasks)
    input_kind, _ = format_of(source, input_format)
    given = output_format or (input_kind[1:] if output == "-" else None)
    shape = Shape(*format_of(output, given))
    if output != "-" and Path(output).resolve() == Path(source).resolve():
        raise UserError(f"{output}: the output would overwrite the input", action="name another file")
    windows = read_windows(source, rows=window, format_=input_format, encoding=encoding)
    if compute is None and "-" not in (source, output):
        scorer = scorer if restart else _as_before(scorer, Parts(Path(output), shape.suffix))
    work = _Work(scorer, source, shape, text, chosen, on_error, watch, compute, context)
    if output == "-":
        return work.streamed(windows)
    if source == "-":
        return work.at_once(windows, Path(output))
    job = {
        "input": file_facts(Path(source).expanduser()),
        "model": scorer.digest,
        "engine": scorer.engine,
        "tasks": chosen,
        "options": [_plain(text), _plain(context), encoding, window],
        "formats": [input_format, shape.suffix],
        "version": __version__,
    }
    return work.resumable(windows, Path(output), job, restart=restart)


def _as_before(scorer: Scorer, parts: Parts) -> Scorer:
    """The engine that an unfinished output of this model began with.

    Engines differ in rounding, and a file shall not show where its scoring was interrupted.
    """
    earlier = parts.job()
    if earlier.get("model") != scorer.digest:
        return scorer  # Going on says what is another one.
    try:
        return scorer.with_engine(earlier["engine"])
    except UserError as error:
        raise UserError(
            f"{parts.folder}: an unfinished output is here, and can't be gone on with: {error.problem}",
            action="finish it on the machine that began it, or give `--restart` to begin anew",
        ) from None


def _plain(given: str | Sequence[str] | Literal[False] | None) -> Any:
    return given if given is None or given is False or isinstance(given, str) else list(given)


class _Work:
    """One job: how a window becomes a part, and where parts go."""

    def __init__(
        self,
        scorer: Scorer,
        source: str,
        shape: Shape,
        text: str | Sequence[str] | None,
        tasks: list[str],
        on_error: str,
        watch: Watch | None,
        compute: Compute | None,
        context: Sequence[str] | Literal[False] | None,
    ) -> None:
        self.scorer = scorer
        self.source = "standard input" if source == "-" else source
        self.shape = shape
        self.text = text
        self.tasks = tasks
        self.on_error = on_error
        self.watch = watch or (lambda rows, share: None)
        self.compute = compute or scorer.scores
        self.context = context
        self.wanted: tuple[str, ...] | None = None
        self.before: Before | None = None
        self.rows = self.rejected = 0

    def streamed(self, windows: Iterable[Window]) -> Predicted:
        """To standard output, window by window; rows that can't be scored are told on standard error."""
        for window in windows:
            content, bad = self._part(window)
            sys.stdout.buffer.write(content)
            sys.stdout.buffer.flush()
            sys.stderr.write(bad_lines(bad).decode())
        return self._done(None, 0)

    def at_once(self, windows: Iterable[Window], output: Path) -> Predicted:
        """From standard input, which can't be read again, into a file that appears when it is whole."""
        parts = Parts(output, self.shape.suffix)
        with locked(parts.lock, busy=_busy(output)):
            parts.open({}, restart=True)
            return self._gather(windows, parts, 0)

    def resumable(
        self, windows: Iterable[Window], output: Path, job: dict[str, Any], *, restart: bool
    ) -> Predicted:
        """From file to file."""
        parts = Parts(output, self.shape.suffix)
        output.parent.mkdir(parents=True, exist_ok=True)
        with locked(parts.lock, busy=_busy(output)):
            return self._gather(windows, parts, parts.open(job, restart=restart))

    def _gather(self, windows: Iterable[Window], parts: Parts, done: int) -> Predicted:
        """Score the windows that aren't done yet, then make the file of all parts."""
        number = resumed = 0
        for number, window in enumerate(windows, start=1):
            if number > done:
                content, bad = self._part(window)
                parts.write(number - 1, content, bad_lines(bad))
            else:
                self._pass_over(window, parts.left_out(number - 1))
                resumed = self.rows
            self.watch(self.rows + self.rejected, window.share)
        return self._finish(parts, number, resumed)

    def _finish(self, parts: Parts, number: int, resumed: int) -> Predicted:
        if not self.rows:
            raise UserError(f"{self.source}: none of its {self.rejected} rows could be scored")
        rejected = [parts.left_out(i) for i in range(number) if parts.left_out(i).is_file()]
        apart = parts.output.with_name(parts.output.name + ".rejected.jsonl")
        if rejected:
            join_parts(rejected, apart)
        else:
            apart.unlink(missing_ok=True)
        join_parts([parts.part(i) for i in range(number)], parts.output)
        parts.discard()
        return self._done(apart if rejected else None, resumed)

    def _done(self, rejected_file: Path | None, resumed: int) -> Predicted:
        return Predicted(
            rows=self.rows,
            rejected=self.rejected,
            rejected_file=rejected_file,
            resumed=resumed,
            engine=self.scorer.engine,
        )

    def _pass_over(self, window: Window, left_out: Path) -> None:
        """Count a window that an earlier run has done, and take the columns from it."""
        rejected = left_out.read_bytes().count(b"\n") if left_out.is_file() else 0
        rows = window.frame.height + len(window.bad) - rejected
        if rows:
            empty = {task: np.zeros((0, self.scorer.tasks[task].outputs)) for task in self.tasks}
            self.shape.learn(window, self.scorer.columns(empty))
        # What follows may need what was said here.
        self._texts(window.frame)
        self.rows += rows
        self.rejected += rejected

    def _part(self, window: Window) -> tuple[bytes, list[BadRow]]:
        """Score one window: its part of the output, and the rows that couldn't be used, in order."""
        frame = window.frame
        bad = list(window.bad)
        keep = []
        texts = self._texts(frame)
        for row, (text, said) in enumerate(texts):
            reason = unusable(text) or (said if isinstance(said, str) else None)
            if reason is None:
                keep.append(row)
            else:
                bad.append(BadRow(window.places[row], reason, str(text)[:1000]))
        bad.sort()
        if bad and self.on_error == "stop":
            raise UserError(
                f"{self.source}, {self._unit(window)} {bad[0].place}: {bad[0].reason}",
                action="correct the row, or put such rows apart with `--on-error apart`",
            )
        ready = [
            text if said is None else in_context(text, said) for text, said in map(texts.__getitem__, keep)
        ]
        scores = self.compute(ready, self.tasks)
        self.rows += len(keep)
        self.rejected += len(bad)
        if not keep:
            return b"", bad
        if len(keep) < frame.height:
            window.frame = frame[keep]
            window.objects = None if window.objects is None else [window.objects[row] for row in keep]
        return self.shape.part(window, self.scorer.columns(scores, frame.columns)), bad

    def _texts(self, frame: pl.DataFrame) -> list[tuple[Any, Any]]:
        """Each row's text or pair, and what was said before it: None where nothing is to be, or why not."""
        if not frame.height:
            return []
        if self.wanted is None:
            try:
                self.wanted = self.scorer.columns_in(frame.columns, self.text)
                told = self.scorer.context_in(frame.columns, self.wanted, self.context)
            except UserError as error:
                raise UserError(
                    f"{self.source}: {error.problem}", expected=error.expected, action=error.action
                ) from None
            self.before = None if told is None else before_rows(told)
        # A key that all JSON objects of a window lack is a missing text in each of them.
        nothing = [None] * frame.height
        texts = texts_of([frame[c].to_list() if c in frame.columns else nothing for c in self.wanted])
        if self.before is None:
            return list(zip(texts, nothing, strict=True))
        cells = {c: frame[c].to_list() for c in self.before.needed if c in frame.columns}
        return list(zip(texts, self.before.of(cells, texts), strict=True))

    def _unit(self, window: Window) -> str:
        return "row" if window.encoding is None else "line"


def _busy(output: Path) -> str:
    return f"{output}: another process is writing it; wait for it, or name another file"
