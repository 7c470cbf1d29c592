"""The scorer: a saved model that answers, in one line from Python."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
import polars as pl
import torch

from sharewise.data.tokens import tokenize_now, tokenizer_digest
from sharewise.data.turn import Text, Turn
from sharewise.errors import UserError, nearest
from sharewise.models.calibration import calibrated
from sharewise.models.manifest import SavedContext
from sharewise.models.saved import LoadedModel, load_models
from sharewise.serve.answers import Answer, answers, columns
from sharewise.serve.before import before_rows, in_context
from sharewise.serve.engines import Engine, EngineName, open_engine
from sharewise.serve.grid import shaped_batches
from sharewise.serve.usable import unusable
from sharewise.tasks import Array, Task

# Padded tokens of a batch: small enough for the caches of a CPU, large enough to fill a GPU.
CPU_TOKENS, GPU_TOKENS = 4096, 65536
WINDOW = 4096
Given = str | Sequence[str]


class Reader:
    """Models that read the same tokens, and what computes them.

    Attributes:
        models: the models.
        tokenizer: theirs.
        max_length: theirs, in tokens.
        context: earlier texts that they were trained with at most; None for any number.
        engine: what computes.
    """

    def __init__(self, models: Sequence[LoadedModel], engine: Engine) -> None:
        self.models = list(models)
        self.tokenizer = models[0].tokenizer
        self.max_length = models[0].max_length
        self.context = models[0].manifest.most_context
        self.engine = engine

    def fitted(self, text: Text) -> Text:
        """Take away the earlier turns that these models never had before a text in training."""
        if not isinstance(text, Turn) or self.context is None or len(text.context) <= self.context:
            return text
        return replace(text, context=text.context[len(text.context) - self.context :])


@final
class Scorer:
    """A saved model, or several that answer together, ready to score.

    Attributes:
        tasks: every task by name.
        models: with manifests and tokenizers.
        thresholds: by task, for tasks with others than .5.
        calibration: by task, for tasks that have one.
        readers: the models by the tokens that they read.
    """

    def __init__(
        self, models: Sequence[LoadedModel], *, folder: Path | None = None, engine: EngineName = "auto"
    ) -> None:
        self.models = tuple(models)
        self.tasks: dict[str, Task] = {name: task for model in models for name, task in model.tasks.items()}
        self.calibration = {name: c for model in models for name, c in model.calibration.items()}
        self.thresholds = {name: t for model in models for name, t in model.thresholds.items()}
        alike: dict[tuple[str, int, int | None], list[LoadedModel]] = {}
        for model in models:
            read = tokenizer_digest(model.tokenizer), model.max_length, model.manifest.most_context
            alike.setdefault(read, []).append(model)
        self._folder = folder
        # An export has all heads on one set of inputs.
        whole = folder if len(alike) == 1 else None
        self.readers = [
            Reader(group, open_engine(engine, group, folder=whole, digest=self.digest))
            for group in alike.values()
        ]

    @classmethod
    def load(
        cls, folder: str | Path, *, engine: EngineName = "auto", trust_remote_code: bool = False
    ) -> Scorer:
        """Load a model's folder; every file is compared with its digest.

        Args:
            folder: such as ``runs/<study>/model``.
            engine: what computes: ``torch``, ``torch-bf16``, ``torch-int8``; ``onnx`` or ``onnx-int8``, where
                `sharewise export` made them; ``auto`` takes the fastest on this machine that is safe (`open_engine`).
            trust_remote_code: run code that came with the encoder from the hub.

        Raises:
            UserError: where the folder is no model, or a file of it is missing or was changed.
        """
        models = load_models(Path(folder), trust_remote_code=trust_remote_code)
        return cls(models, folder=Path(folder), engine=engine)

    @property
    def engine(self) -> str:
        """What computes: torch, torch-bf16, torch-int8, onnx or onnx-int8."""
        return self.readers[0].engine.name

    def with_engine(self, engine: EngineName) -> Scorer:
        """Return the same models, computed by another engine.

        Raises:
            UserError: where it is an export that isn't there.
        """
        return self if engine == self.engine else Scorer(self.models, folder=self._folder, engine=engine)

    @property
    def digest(self) -> str:
        """The digests of all models, in order."""
        return "+".join(model.manifest.digest for model in self.models)

    @property
    def text_columns(self) -> dict[str, tuple[str, ...]]:
        """By data set, the one or two columns that held the training texts."""
        return {name: c for model in self.models for name, c in model.manifest.texts.items()}

    @property
    def context(self) -> dict[str, SavedContext]:
        """By data set, the earlier turns that stood before its texts in training; none of those without any."""
        return {name: c for model in self.models for name, c in model.manifest.context.items()}

    @property
    def most_context(self) -> int | None:
        """Earlier texts that count before a text, the nearest ones: 0 for none at all, None for any number."""
        found = [reader.context for reader in self.readers]
        return None if None in found else max(most for most in found if most is not None)

    def chosen(self, tasks: Iterable[str] | None) -> list[str]:
        """Return the tasks that are asked for, in the model's order; all of them for None.

        Raises:
            UserError: where the model has no such task.
        """
        wanted = list(self.tasks if tasks is None else tasks)
        for name in wanted:
            if name not in self.tasks:
                close = nearest(name, self.tasks)
                hint = f"; did you mean `{close}`?" if close else ""
                raise UserError(
                    f"the model has no task {name!r}{hint}", expected=f"some of {', '.join(self.tasks)}"
                )
        return [name for name in self.tasks if name in wanted]

    def scores(self, texts: Sequence[Text], tasks: Iterable[str] | None = None) -> dict[str, Array]:
        """Return calibrated probabilities or values, float32 ``(texts, task.outputs)`` by task.

        Args:
            texts: texts, pairs of them, or a `Turn` with what was said before it.
            tasks: names of tasks; all if None.

        Raises:
            UserError: where something in the list is no text, or has earlier turns that the model doesn't know, or
                the model has no such task.
        """
        chosen = self.chosen(tasks)
        checked = [self._checked(text, number) for number, text in enumerate(texts, start=1)]
        found = {
            task: np.zeros((len(checked), self.tasks[task].outputs), dtype=np.float32) for task in chosen
        }
        for reader in self.readers:
            for rows, blocks in self._pieces(reader, chosen, checked, CPU_TOKENS):
                for task, block in blocks.items():
                    found[task][rows] = block
        return found

    def pieces(
        self, texts: Sequence[Text], tasks: Iterable[str] | None = None, *, batch_tokens: int = CPU_TOKENS
    ) -> Iterator[tuple[Array, dict[str, Array]]]:
        """Yield the scores of texts of like length together, as they are computed.

        Args:
            texts: texts, or pairs of them.
            tasks: names of tasks; all if None.
            batch_tokens: padded tokens that are computed together on a CPU.

        Yields:
            The texts' numbers, int64 ``(rows,)``, and what `scores` gives for them.
        """
        chosen = self.chosen(tasks)
        if len(self.readers) > 1:
            yield np.arange(len(texts)), self.scores(texts, chosen)
            return
        checked = [self._checked(text, number) for number, text in enumerate(texts, start=1)]
        yield from self._pieces(self.readers[0], chosen, checked, batch_tokens)

    def score(self, texts: Sequence[Text], tasks: Iterable[str] | None = None) -> list[dict[str, Answer]]:
        """Answer a list of texts.

        Args:
            texts: texts, pairs of them as tuples, or a `Turn` with what was said before it.
            tasks: names of tasks; all if None.

        Returns:
            For each text its answers by task.

        Raises:
            UserError: where something in the list is no text, or the model has no such task.
        """
        found = {
            task: answers(self.tasks[task], scores, self.thresholds.get(task))
            for task, scores in self.scores(texts, tasks).items()
        }
        return [{task: of_task[row] for task, of_task in found.items()} for row in range(len(texts))]

    def score_stream(
        self, texts: Iterable[Text], tasks: Iterable[str] | None = None, *, window: int = WINDOW
    ) -> Iterator[dict[str, Answer]]:
        """Answer an iterable of any length, lazily and in order; memory holds one window of texts."""
        chosen = self.chosen(tasks)
        source = iter(texts)
        while block := list(itertools.islice(source, window)):
            yield from self.score(block, chosen)

    def score_frame(
        self,
        frame: Any,
        text: Given | None = None,
        tasks: Iterable[str] | None = None,
        context: Sequence[str] | Literal[False] | None = None,
    ) -> Any:
        """Return a polars or pandas frame with the answers as further columns.

        Args:
            frame: the rows to answer, a frame of polars or pandas.
            text: the one or two columns with the text; those of the training data if None.
            tasks: names of tasks; all if None.
            context: the columns with the earlier turns, the oldest first; those of the training data if None, no
                earlier turns if False.

        Raises:
            UserError: where the columns aren't there, a cell holds no text, or a new column is there already.
        """
        names = [str(name) for name in frame.columns]
        wanted = self.columns_in(names, text)
        texts = texts_of([list(frame[name]) for name in wanted])
        told = self.context_in(names, wanted, context)
        if told is not None:
            said = before_rows(told).of({name: list(frame[name]) for name in told.needed}, texts)
            texts = [_told(*row, number) for number, row in enumerate(zip(texts, said, strict=True), start=1)]
        new = self.columns(self.scores(texts, tasks), names)
        if isinstance(frame, pl.DataFrame):
            return frame.with_columns(new)
        return frame.assign(**{series.name: series.to_numpy() for series in new})

    def columns(self, scores: Mapping[str, Array], names: Sequence[str] = ()) -> list[pl.Series]:
        """Turn scores into columns: ``<task>.predicted`` and ``<task>.p.<label>``.

        Raises:
            UserError: where one of them is among the names that are there already.
        """
        new = [
            series
            for task, block in scores.items()
            for series in columns(self.tasks[task], block, self.thresholds.get(task))
        ]
        taken = next((series.name for series in new if series.name in names), None)
        if taken is not None:
            raise UserError(
                f"the column {taken!r} is there already", action="rename it, or score the original file"
            )
        return new

    def columns_in(self, header: Sequence[str], text: Given | None = None) -> tuple[str, ...]:
        """Return the one or two text columns: as given, or those of the training data that are all in the header.

        Raises:
            UserError: where they aren't in the header, or more than one choice is.
        """
        if text is not None:
            wanted = (text,) if isinstance(text, str) else tuple(text)
            if not 1 <= len(wanted) <= 2:
                raise UserError("a text is in one column, a pair in two", expected="one or two columns")
            lacking = next((name for name in wanted if name not in header), None)
            if lacking is not None:
                close = nearest(lacking, header)
                hint = f"; did you mean {close!r}?" if close else ""
                raise UserError(
                    f"there is no column {lacking!r}{hint}", expected=f"some of {', '.join(header)}"
                )
            return wanted
        found = [c for c in dict.fromkeys(self.text_columns.values()) if set(c) <= set(header)]
        if len(found) == 1:
            return found[0]
        known = " or ".join(" and ".join(c) for c in dict.fromkeys(self.text_columns.values()))
        raise UserError(
            f"which columns hold the text isn't clear: the model was trained on {known or 'columns unknown'}",
            expected=f"the names of one or two columns among {', '.join(header)}",
            action="name them: `--text COLUMN`, twice for a pair",
        )

    def context_in(
        self,
        header: Sequence[str],
        wanted: Sequence[str],
        given: Sequence[str] | Literal[False] | None = None,
    ) -> SavedContext | None:
        """Return where the earlier turns are: in the columns given, or where the training data had them.

        Args:
            header: the columns that are there.
            wanted: the one or two text columns.
            given: columns with earlier turns, the oldest first; False for none.

        Raises:
            UserError: where columns aren't in the header, or the model knows no earlier turns.
        """
        if given is False:
            return None
        if given is not None:
            if self.most_context == 0:
                raise _no_context()
            lacking = next((name for name in given if name not in header), None)
            if lacking is not None:
                raise _no_column(lacking, header, "one of the columns with earlier turns")
            return SavedContext(columns=tuple(given), turns=None, texts=1)
        of_texts = [name for name, columns in self.text_columns.items() if columns == tuple(wanted)]
        known = {name: self.context.get(name) for name in of_texts or self.context}
        there = [c for c in known.values() if c is not None and set(c.needed) <= set(header)]
        if there or not known or None in known.values():
            return there[0] if there else None
        first = next(c for c in known.values() if c is not None)
        lacking = next(name for name in first.needed if name not in header)
        raise _no_column(lacking, header, "the column, as earlier turns stood before the texts in training")

    def _checked(self, text: Any, number: int) -> Text:
        reason = unusable(text)
        if reason is not None:
            raise UserError(f"text {number}: {reason}", expected="a text, a tuple of two, or a Turn")
        if isinstance(text, Turn) and text.context and self.most_context == 0:
            raise _no_context()
        return (text[0], text[1]) if isinstance(text, list) else text

    def _pieces(
        self, reader: Reader, chosen: Sequence[str], texts: list[Text], batch_tokens: int
    ) -> Iterator[tuple[Array, dict[str, Array]]]:
        own = [task for model in reader.models for task in model.tasks if task in chosen]
        if not own or not texts:
            return
        store = tokenize_now(
            [reader.fitted(text) for text in texts], reader.tokenizer, max_length=reader.max_length
        )
        budget = GPU_TOKENS if torch.cuda.is_available() else batch_tokens
        for rows, tokens in shaped_batches(store, budget, reader.max_length, packs=reader.engine.packs):
            outputs = reader.engine.forward(tokens, own)
            yield (
                rows,
                {
                    task: calibrated(self.tasks[task], outputs[task][: len(rows)], self.calibration.get(task))
                    for task in own
                },
            )


def texts_of(parts: Sequence[Sequence[Any]]) -> list[Any]:
    """Put one or two columns together: texts, or pairs."""
    return list(parts[0]) if len(parts) == 1 else list(zip(*parts, strict=True))


def _told(text: Any, said: tuple[str, ...] | str, number: int) -> Any:
    if isinstance(said, str):
        raise UserError(f"row {number}: {said}")
    # What is no text is told where texts are checked.
    return text if unusable(text) is not None else in_context(text, said)


def _no_context() -> UserError:
    return UserError(
        "the model was trained without earlier turns, and can't take any",
        action="leave the context out, or train with `context:` in the study file",
    )


def _no_column(lacking: str, header: Sequence[str], expected: str) -> UserError:
    close = nearest(lacking, header)
    hint = f"; did you mean {close!r}?" if close else ""
    return UserError(
        f"there is no column {lacking!r}{hint}",
        expected=f"{expected} (the columns are {', '.join(header)})",
        action="name the columns with the earlier turns, the oldest first: `--context COLUMN`; or score without: "
        "`--no-context`",
    )
