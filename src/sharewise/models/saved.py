"""The saved model: one folder with encoder, tokenizer, heads, and what a scorer must know of the tasks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pydantic
from pydantic import Field
from safetensors.torch import load_file, save_file

from sharewise import __version__
from sharewise.errors import UserError
from sharewise.files import write_folder
from sharewise.models.encoder import Encoder
from sharewise.models.options import EncoderOptions
from sharewise.models.sharing import SHARINGS, Sharing
from sharewise.options import Options
from sharewise.tasks import Task, restore_task

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SCHEMA: Literal[1] = 1
_MANIFEST = "sharewise.json"
_HEADS = "heads.safetensors"
_ENCODER = "encoder"
_TOKENIZER = "tokenizer"
_CHANGED = "the file is not the one that was saved (its SHA-256 differs)"


class SavedTask(Options):
    """One task of a saved model: its keys in the study file, and what was found out in its training data."""

    options: dict[str, Any]
    found: dict[str, Any]


class Manifest(Options):
    """sharewise.json: what a model does, and the digests of the files that it is made of."""

    schema_version: Literal[1] = Field(default=SCHEMA, alias="schema", serialization_alias="schema")
    sharewise: str = Field(description="version that wrote it")
    study: dict[str, Any] = Field(description="where the model comes from")
    encoder: dict[str, Any] = Field(description="the encoder's keys in the study file")
    pooling: Literal["cls", "mean"]
    dropout: float = Field(description="before each head, in training")
    max_length: int = Field(ge=1, description="tokens of a text (or pair), special tokens included")
    sharing: str
    tasks: dict[str, SavedTask] = Field(description="in the order of the heads")
    files: dict[str, str] = Field(description="SHA-256 of each other file of the model")
    digest: str = Field(default="", description="SHA-256 of all of the above")

    def sealed(self) -> Manifest:
        """Return the manifest with its own digest."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"digest"})
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return self.model_copy(update={"digest": digest})


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A saved model, ready to score.

    Attributes:
        sharing: the model, in evaluation mode, on the CPU.
        tokenizer: its tokenizer.
        tasks: its tasks by name.
        max_length: tokens of a text (or pair) at most, special tokens included.
        manifest: all that sharewise.json says.
    """

    sharing: Sharing
    tokenizer: PreTrainedTokenizerBase
    tasks: Mapping[str, Task]
    max_length: int
    manifest: Manifest


def save_model(
    folder: Path,
    *,
    sharing: Sharing,
    tokenizer: PreTrainedTokenizerBase,
    tasks: Mapping[str, Task],
    options: EncoderOptions,
    sharing_name: str,
    max_length: int,
    study: Mapping[str, Any],
) -> None:
    """Write a model into a folder, whole or not at all; one that is there makes way.

    ``encoder/`` and ``tokenizer/`` are what transformers' ``from_pretrained`` loads; there is no pickle.

    Args:
        folder: the folder to write.
        sharing: the model; its vocabulary is whole.
        tokenizer: its tokenizer.
        tasks: its tasks by name.
        options: the encoder's keys in the study file.
        sharing_name: name of the sharing method.
        max_length: tokens of a text (or pair) that the model was trained on.
        study: where the model comes from, ready for JSON.
    """
    encoder = sharing.encoder
    heads = {k: v.contiguous() for k, v in sharing.state_dict().items() if not k.startswith("encoder.")}

    def write(beside: Path) -> None:
        from sharewise.models.pretrained import quiet

        with quiet():
            encoder.backbone.save_pretrained(beside / _ENCODER)
            tokenizer.save_pretrained(beside / _TOKENIZER)
        save_file(heads, beside / _HEADS)
        manifest = Manifest(
            sharewise=__version__,
            study=dict(study),
            encoder=options.model_dump(mode="json"),
            pooling=encoder.pooling,
            dropout=encoder.dropout,
            max_length=max_length,
            sharing=sharing_name,
            tasks={
                name: SavedTask(
                    options=task.options.model_dump(mode="json", exclude_none=True), found=task.describe()
                )
                for name, task in tasks.items()
            },
            files={
                file.relative_to(beside).as_posix(): _digest(file)
                for file in sorted(beside.rglob("*"))
                if file.is_file()
            },
        )
        text = json.dumps(
            manifest.sealed().model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False
        )
        (beside / _MANIFEST).write_text(text + "\n", encoding="utf-8")

    write_folder(folder, write, replace=True)


def load_model(folder: Path, *, trust_remote_code: bool = False) -> LoadedModel:
    """Load what `save_model` wrote; its outputs are the saved model's, bit for bit.

    Args:
        folder: the model's folder.
        trust_remote_code: run code that came with the encoder from the hub.

    Raises:
        UserError: where the folder isn't a model, a file of it is missing or was changed, or another version's
            sharing method or kind of task is in it.
    """
    from sharewise.models.pretrained import load_backbone, load_pretrained_tokenizer

    manifest = _manifest(folder)
    _check_files(folder, manifest)

    def part(name: str) -> EncoderOptions:
        return EncoderOptions(
            name=str(folder.absolute() / name),
            pooling=manifest.pooling,
            dropout=manifest.dropout,
            trust_remote_code=trust_remote_code,
        )

    try:
        method = SHARINGS[manifest.sharing]
        tasks = {name: restore_task(name, t.options, t.found) for name, t in manifest.tasks.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{folder / _MANIFEST}: this is a model of Sharewise {manifest.sharewise} that Sharewise {__version__} "
            f"can't make ({type(error).__name__}: {error})",
            action="load it with the version that saved it",
        ) from error
    encoder = Encoder(load_backbone(part(_ENCODER)), part(_ENCODER))
    sharing = method(encoder, tasks, seed=0)
    state = load_file(folder / _HEADS)
    state |= {f"encoder.{name}": value for name, value in encoder.state_dict().items()}
    sharing.load_state_dict(state)
    return LoadedModel(
        sharing=sharing.eval(),
        tokenizer=load_pretrained_tokenizer(part(_TOKENIZER)),
        tasks=tasks,
        max_length=manifest.max_length,
        manifest=manifest,
    )


def _manifest(folder: Path) -> Manifest:
    file = folder / _MANIFEST
    if not file.is_file():
        raise UserError(
            f"{folder}: this folder holds no {_MANIFEST}",
            expected="a model's folder, such as runs/<study>/<arm>/all/seed-1-…/model",
        )
    try:
        manifest = Manifest.model_validate_json(file.read_bytes())
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file as a whole"
        raise _damaged(file, f"{place}: {first['msg']}") from error
    if manifest.sealed() != manifest:
        raise _damaged(file, _CHANGED)
    return manifest


def _check_files(folder: Path, manifest: Manifest) -> None:
    for name, digest in manifest.files.items():
        file = folder / name
        if not file.is_file():
            raise _damaged(file, "the file is missing")
        if _digest(file) != digest:
            raise _damaged(file, _CHANGED)


def _damaged(file: Path, reason: str) -> UserError:
    return UserError(f"{file}: {reason}", expected="a model as it was saved", action="copy or train it again")


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
