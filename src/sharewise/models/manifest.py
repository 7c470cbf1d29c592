"""sharewise.json: what a saved model does, where it comes from, and the digests of the files that it is made of."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import pydantic
from pydantic import Field

from sharewise.errors import UserError
from sharewise.files import write_text
from sharewise.models.calibration import Calibration, Threshold
from sharewise.options import Options

SCHEMA: Literal[2] = 2
MANIFEST = "sharewise.json"
# People write into a model's card, so its digest isn't kept.
CARD = "README.md"
_CHANGED = "the file is not the one that was saved (its SHA-256 differs)"
_OLDEST = 1


class SavedTask(Options):
    """One task of a saved model: its keys in the study file, and what was found out in its training data."""

    options: dict[str, Any]
    found: dict[str, Any]


class SavedMetric(Options):
    """What a model scored on one task and split."""

    metric: str
    value: float
    interval: tuple[float, float] | None = Field(
        description="95 %, over the rows (or groups of rows); none where it is not defined"
    )
    rows: int


class Licence(Options):
    """Under which licences a model, its encoder and its data are; null where nobody said."""

    model: str | None = None
    encoder: str | None = None
    data: dict[str, str] = Field(default_factory=dict, description="by data set")


class SavedContext(Options):
    """What stood before the texts of a data set in training."""

    columns: tuple[str, ...] = Field(default=(), description="with the earlier turns, the oldest first")
    dialogue: str | None = Field(default=None, description="or the column of the dialogue")
    turn: str | None = Field(default=None, description="and that of the number of the turn in it")
    turns: int | None = Field(
        description="before each text at most, the nearest ones; all that the columns hold if null"
    )
    texts: int = Field(ge=1, description="texts that a turn has: 2 of a question and its answer")

    @property
    def most(self) -> int | None:
        """Earlier texts before each one at most; None for all that there are."""
        return None if self.turns is None else self.turns * self.texts

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column that it takes."""
        return self.columns or tuple(c for c in (self.dialogue, self.turn) if c is not None)


class Facts(Options):
    """What whoever trained a model knows of it, beyond what its weights and tokenizer are."""

    study: dict[str, Any] = Field(description="where the model comes from: study, run, hashes of its data")
    texts: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="by data set, the one or two columns that held its texts"
    )
    context: dict[str, SavedContext] = Field(
        default_factory=dict, description="by data set, the earlier turns before its texts, the oldest first"
    )
    languages: dict[str, float] = Field(
        default_factory=dict, description="share of the training texts by language, as far as scripts show it"
    )
    metrics: dict[str, dict[str, SavedMetric]] = Field(
        default_factory=dict, description="task -> split -> primary metric"
    )
    integers: dict[str, SavedMetric] = Field(
        default_factory=dict,
        description="task -> primary metric on validation, computed in 8-bit integers; none where that was not tried",
    )
    thresholds: dict[str, tuple[Threshold, ...]] = Field(
        default_factory=dict, description="task -> one an output; .5 where a task has none"
    )
    calibration: dict[str, Calibration] = Field(
        default_factory=dict,
        description="by task; probabilities are as the model gives them where there is none",
    )
    licence: Licence = Licence()

    def of_tasks(self, tasks: Collection[str]) -> Self:
        """The same, with what is known of each task for some of them alone."""
        by_task = ("metrics", "integers", "thresholds", "calibration")
        update = {key: {t: v for t, v in getattr(self, key).items() if t in tasks} for key in by_task}
        return self.model_copy(update=update)


class Manifest(Facts):
    """sharewise.json of one model."""

    schema_version: Literal[1, 2] = Field(default=SCHEMA, alias="schema", serialization_alias="schema")
    sharewise: str = Field(description="version that wrote it")
    encoder: dict[str, Any] = Field(description="the encoder's keys in the study file")
    pooling: Literal["cls", "mean"]
    dropout: float = Field(description="before each head, in training")
    max_length: int = Field(ge=1, description="tokens of a text (or pair), special tokens included")
    sharing: str
    sharing_options: dict[str, Any] = Field(
        default_factory=dict, description="the sharing method's keys, groups filled in"
    )
    backend: dict[str, Any] = Field(
        default_factory=dict, description="the backend's keys in the study file; none where heads answer"
    )
    tasks: dict[str, SavedTask] = Field(description="in the order of the heads")
    serves: tuple[str, ...] = Field(
        default=(), description="the tasks that these weights were selected for; all where none is named"
    )
    files: dict[str, str] = Field(description="SHA-256 of each other file of the model")
    digest: str = Field(default="", description="SHA-256 of all of the above")

    @property
    def most_context(self) -> int | None:
        """Earlier texts that stood before a text in training, at most: 0 for none, None for any number."""
        found = [context.most for context in self.context.values()]
        return None if None in found else max((most for most in found if most is not None), default=0)

    @property
    def answers(self) -> dict[str, SavedTask]:
        """The tasks that the model is to be asked."""
        return {name: self.tasks[name] for name in self.serves or self.tasks}


class Bundle(Options):
    """sharewise.json of several models that answer together, such as a study's single-task models."""

    schema_version: Literal[2] = Field(default=SCHEMA, alias="schema", serialization_alias="schema")
    sharewise: str = Field(description="version that wrote it")
    models: dict[str, str] = Field(min_length=1, description="folder of each model -> its digest")
    files: dict[str, str] = Field(description="SHA-256 of each other file")
    digest: str = Field(default="", description="SHA-256 of all of the above")


AnyManifest = TypeVar("AnyManifest", Manifest, Bundle)


def write_manifest(folder: Path, manifest: AnyManifest) -> AnyManifest:
    """Write sharewise.json into a folder, sealed with its own digest, and return it with that."""
    content = manifest.model_dump(mode="json", by_alias=True, exclude={"digest"})
    content["digest"] = _seal(content)
    text = json.dumps(content, indent=2, ensure_ascii=False)
    write_text(folder / MANIFEST, text + "\n")
    return manifest.model_copy(update={"digest": content["digest"]})


def read_manifest(folder: Path) -> Manifest | Bundle:
    """Read sharewise.json, of whatever schema is known.

    Raises:
        UserError: where there is none, it was changed, or a later version wrote it.
    """
    file = folder / MANIFEST
    if not file.is_file():
        raise UserError(
            f"{folder}: this folder holds no {MANIFEST}",
            expected="a model's folder, such as runs/<study>/model",
        )
    try:
        content = json.loads(file.read_bytes())
        schema = content["schema"]
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(file, f"no valid {MANIFEST} ({type(error).__name__}: {error})") from error
    if not isinstance(schema, int) or not _OLDEST <= schema <= SCHEMA:
        raise UserError(
            f"{file}: schema {schema!r}, and this version of Sharewise reads {_OLDEST} to {SCHEMA}",
            action="update Sharewise: pip install --upgrade sharewise",
        )
    if content.get("digest") != _seal({k: v for k, v in content.items() if k != "digest"}):
        raise damaged(file, _CHANGED)
    kind = Bundle if "models" in content else Manifest
    try:
        return kind.model_validate(content)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file as a whole"
        raise damaged(file, f"{place}: {first['msg']}") from error


def check_files(folder: Path, files: dict[str, str]) -> None:
    """Compare every file with its digest.

    Raises:
        UserError: at the first that is missing or was changed.
    """
    for name, digest in files.items():
        file = folder / name
        if not file.is_file():
            raise damaged(file, "the file is missing")
        if file_digest(file) != digest:
            raise damaged(file, _CHANGED)


def file_digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a new model, but for what people may change."""
    return {
        file.relative_to(folder).as_posix(): file_digest(file)
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name not in (MANIFEST, CARD)
    }


def file_digest(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def damaged(file: Path, reason: str) -> UserError:
    """The error for a file of a model that is not as it was saved."""
    return UserError(f"{file}: {reason}", expected="a model as it was saved", action="copy or train it again")


def _seal(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
