"""The saved model: one folder with encoder, tokenizer, heads, and what a scorer must know of the tasks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.torch import load_file, save_file

from sharewise.errors import UserError
from sharewise.files import write_folder
from sharewise.models.backend import BackendOptions
from sharewise.models.calibration import Calibration
from sharewise.models.card import model_card
from sharewise.models.encoder import Encoder
from sharewise.models.manifest import (
    CARD,
    MANIFEST,
    Bundle,
    Facts,
    Manifest,
    SavedMetric,
    SavedTask,
    check_files,
    damaged,
    file_digests,
    read_manifest,
    write_manifest,
)
from sharewise.models.model import Model
from sharewise.models.options import EncoderOptions
from sharewise.models.sharing import SHARINGS, HardOptions, Sharing, SharingOptions, is_own
from sharewise.models.text2text.words import tasks_in_words
from sharewise.tasks import Task, restore_task
from sharewise.version import __version__

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = [
    "Facts",
    "LoadedModel",
    "load_model",
    "load_models",
    "model_folders",
    "restate_integers",
    "restate_models",
    "save_model",
    "save_models",
]

_HEADS = "heads.safetensors"
_ENCODER = "encoder"
# What transformers' AutoConfig reads: it leads to sharewise.models.hub.SharewiseModel.
_CONFIG = {"model_type": "sharewise", "architectures": ["SharewiseModel"]}
_PLAIN = HardOptions()
_HEADS_ONLY = BackendOptions()


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """A saved model, ready to score.

    Attributes:
        sharing: the model, in evaluation mode, on the CPU.
        tokenizer: its tokenizer.
        tasks: by name, the tasks that it answers; others that it was trained on may be among its outputs.
        max_length: tokens of a text (or pair) at most, special tokens included.
        manifest: all that sharewise.json says.
    """

    sharing: Model
    tokenizer: PreTrainedTokenizerBase
    tasks: Mapping[str, Task]
    max_length: int
    manifest: Manifest

    @property
    def calibration(self) -> Mapping[str, Calibration]:
        """By task, for tasks that have one."""
        return self.manifest.calibration

    @property
    def thresholds(self) -> Mapping[str, tuple[float, ...]]:
        """By task, for tasks that have others than .5."""
        return self.manifest.thresholds


def save_model(
    folder: Path,
    *,
    sharing: Model,
    tokenizer: PreTrainedTokenizerBase,
    tasks: Mapping[str, Task],
    options: EncoderOptions,
    backend: BackendOptions = _HEADS_ONLY,
    sharing_name: str,
    sharing_options: SharingOptions = _PLAIN,
    max_length: int,
    facts: Facts,
    serves: Sequence[str] = (),
) -> None:
    """Write a model into a folder, whole or not at all; one that is there makes way.

    The folder is what transformers' ``AutoModel`` and ``AutoTokenizer`` load once `sharewise.models.hub` is imported;
    ``encoder/`` is what they load without Sharewise. There is no pickle.

    Args:
        folder: the folder to write.
        sharing: the model; its vocabulary is whole.
        tokenizer: its tokenizer.
        tasks: its tasks by name.
        options: the encoder's keys in the study file.
        backend: what answers the tasks.
        sharing_name: name of the sharing method.
        sharing_options: its keys, groups filled in.
        max_length: tokens of a text (or pair) that the model was trained on.
        facts: where the model comes from, and what is known of it.
        serves: the tasks that these weights were selected for, if not all.
    """
    parts = sharing.parts()
    heads = {name: value.contiguous() for name, value in parts.own.items()}

    def write(beside: Path) -> None:
        from sharewise.models.pretrained import quiet

        with quiet():
            parts.backbone.save_pretrained(beside / _ENCODER, state_dict=dict(parts.weights))
            tokenizer.save_pretrained(beside)
        save_file(heads, beside / _HEADS)
        _write_config(beside)
        manifest = Manifest(
            **dict(facts),
            sharewise=__version__,
            encoder=options.model_dump(mode="json"),
            pooling=options.pooling,
            dropout=sharing.encoder.dropout if isinstance(sharing, Sharing) else 0.0,
            backend=backend.model_dump(mode="json") if backend.writes else {},
            max_length=max_length,
            sharing=sharing_name,
            sharing_options=sharing_options.model_dump(mode="json"),
            tasks={
                name: SavedTask(
                    options=task.options.model_dump(mode="json", exclude_none=True), found=task.describe()
                )
                for name, task in tasks.items()
            },
            serves=tuple(serves),
            files=file_digests(beside),
        )
        _write_card(beside, [write_manifest(beside, manifest)])

    write_folder(folder, write, replace=True)


def save_models(folder: Path, parts: Mapping[str, Path], *, licence: str | None = None) -> None:
    """Put saved models that answer together into one folder, whole or not at all; one that is there makes way.

    Of a single model the folder is that model itself.

    Args:
        folder: the folder to write.
        parts: folder of each model, by the name that it gets there.
        licence: of the models, if they are to say another one than they do.
    """

    def write(beside: Path) -> None:
        if len(parts) == 1:
            (only,) = parts.values()
            _copy(only, beside, licence)
            return
        manifests = {name: _copy(part, beside / name, licence) for name, part in parts.items()}
        _write_config(beside)
        files = {name: digest for name, digest in file_digests(beside).items() if "/" not in name}
        digests = {name: manifest.digest for name, manifest in manifests.items()}
        write_manifest(beside, Bundle(sharewise=__version__, models=digests, files=files))
        _write_card(beside, list(manifests.values()))

    write_folder(folder, write, replace=True)


def restate_models(folder: Path, facts: Facts) -> None:
    """Let saved models say which calibration and thresholds their tasks have now, and what they score by them.

    A folder that says so already stays as it is; its card is written anew where it doesn't.

    Args:
        folder: that `save_models` wrote.
        facts: with calibration, thresholds and metrics of all its tasks.
    """

    def restated(manifest: Manifest) -> Manifest:
        own = facts.of_tasks(manifest.answers)
        if (manifest.calibration, manifest.thresholds) == (own.calibration, own.thresholds):
            return manifest
        # What 8-bit integers score was found with the decisions of before.
        changed = ("calibration", "thresholds", "metrics", "integers")
        return manifest.model_copy(update={key: getattr(own, key) for key in changed})

    _restate(folder, restated)


def restate_integers(folder: Path, found: Mapping[str, SavedMetric]) -> None:
    """Let saved models say what their tasks score in 8-bit integers.

    Args:
        folder: that `save_models` wrote.
        found: by task; models without one of these stay as they are.
    """

    def restated(manifest: Manifest) -> Manifest:
        own = {task: metric for task, metric in found.items() if task in manifest.answers}
        return manifest.model_copy(update={"integers": own}) if own else manifest

    _restate(folder, restated)


def _restate(folder: Path, restated: Callable[[Manifest], Manifest]) -> None:
    whole, digests = read_manifest(folder), {}
    for name, part in model_folders(folder).items():
        before = _one(part)
        if (manifest := restated(before)) != before:
            manifest = write_manifest(part, manifest)
            _write_card(part, [manifest])
        digests[name] = manifest.digest
    if isinstance(whole, Bundle) and whole.models != digests:
        write_manifest(folder, whole.model_copy(update={"models": digests}))
        _write_card(folder, [_one(folder / name) for name in digests])


def model_folders(folder: Path) -> dict[str, Path]:
    """Return the folder of each model in one that `save_model` or `save_models` wrote, by its name there."""
    manifest = read_manifest(folder)
    if isinstance(manifest, Manifest):
        return {folder.name: folder}
    return {name: folder / name for name in manifest.models}


def load_models(folder: Path, *, trust_remote_code: bool = False) -> list[LoadedModel]:
    """Load a folder that `save_model` or `save_models` wrote; see `load_model`."""
    manifest = read_manifest(folder)
    if isinstance(manifest, Manifest):
        return [load_model(folder, trust_remote_code=trust_remote_code)]
    check_files(folder, manifest.files)
    for name, digest in manifest.models.items():
        if _one(folder / name).digest != digest:
            raise damaged(folder / name / MANIFEST, "this is another model than the one that was saved here")
    return [load_model(folder / name, trust_remote_code=trust_remote_code) for name in manifest.models]


def load_model(folder: Path, *, trust_remote_code: bool = False) -> LoadedModel:
    """Load what `save_model` wrote; its outputs are the saved model's, bit for bit.

    Args:
        folder: the model's folder.
        trust_remote_code: run code that came with the encoder from the hub.

    Raises:
        UserError: where the folder isn't a model, a file of it is missing or was changed, or another version's
            sharing method or kind of task is in it.
    """
    from sharewise.models.backbones import load_backbone, load_text2text
    from sharewise.models.pretrained import load_pretrained_tokenizer
    from sharewise.models.text2text.build import wrap_text2text

    manifest = _one(folder)
    check_files(folder, manifest.files)

    def part(name: str) -> EncoderOptions:
        return EncoderOptions(
            name=str(folder.absolute() / name),
            pooling=manifest.pooling,
            dropout=manifest.dropout,
            trust_remote_code=trust_remote_code,
        )

    # Schema 1 kept it in a folder of its own.
    tokenizer = load_pretrained_tokenizer(part("tokenizer" if manifest.schema_version == 1 else "."))
    try:
        method = SHARINGS[manifest.sharing]
        keys = method.options.model_validate(manifest.sharing_options)
        backend = BackendOptions.model_validate(manifest.backend)
        tasks = _tasks(manifest)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{folder / MANIFEST}: this is a model of Sharewise {manifest.sharewise} that Sharewise {__version__} "
            f"can't make ({type(error).__name__}: {error})",
            action="load it with the version that saved it",
        ) from error
    model: Model
    if backend.writes:
        words = tasks_in_words(tasks, tokenizer, max_length=backend.max_target_length)
        model = wrap_text2text(load_text2text(part(_ENCODER)), backend, words)
    else:
        encoder = Encoder(load_backbone(part(_ENCODER)), part(_ENCODER))
        model = method(encoder, tasks, seed=0, options=keys)
        # The encoder's own weights are loaded already, under whatever names the method has given them.
        loaded = {name: value for name, value in model.state_dict().items() if not is_own(name)}
        model.load_state_dict(loaded | load_file(folder / _HEADS))
    return LoadedModel(
        sharing=model.eval(),
        tokenizer=tokenizer,
        tasks={name: tasks[name] for name in manifest.answers},
        max_length=manifest.max_length,
        manifest=manifest,
    )


def copy_model(model: LoadedModel, folder: Path) -> None:
    """Write a loaded model into another folder, its weights as they are now."""
    manifest = model.manifest
    save_model(
        folder,
        sharing=model.sharing,
        tokenizer=model.tokenizer,
        tasks=_tasks(manifest),
        options=EncoderOptions.model_validate(manifest.encoder),
        backend=BackendOptions.model_validate(manifest.backend),
        sharing_name=manifest.sharing,
        sharing_options=SHARINGS[manifest.sharing].options.model_validate(manifest.sharing_options),
        max_length=manifest.max_length,
        # With other weights 8-bit integers would score something else.
        facts=Facts(**{name: getattr(manifest, name) for name in Facts.model_fields if name != "integers"}),
        serves=manifest.serves,
    )


def _tasks(manifest: Manifest) -> dict[str, Task]:
    return {name: restore_task(name, t.options, t.found) for name, t in manifest.tasks.items()}


def _one(folder: Path) -> Manifest:
    manifest = read_manifest(folder)
    if isinstance(manifest, Bundle):
        names = ", ".join(manifest.models)
        raise UserError(f"{folder}: this folder holds several models", action=f"load one of {names} in it")
    return manifest


def _copy(source: Path, target: Path, licence: str | None) -> Manifest:
    """Copy a model; its weights, which nobody edits in place, are linked where the file system can."""
    for file in sorted(source.rglob("*")):
        beside = target / file.relative_to(source)
        if file.is_dir():
            beside.mkdir(parents=True, exist_ok=True)
            continue
        beside.parent.mkdir(parents=True, exist_ok=True)
        with suppress(OSError):
            if file.suffix == ".safetensors":
                beside.hardlink_to(file)
                continue
        shutil.copyfile(file, beside)
    manifest = _one(target)
    if licence is not None:
        stated = manifest.licence.model_copy(update={"model": licence})
        manifest = write_manifest(target, manifest.model_copy(update={"licence": stated}))
        _write_card(target, [manifest])
    return manifest


def _write_config(folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(_CONFIG, indent=2) + "\n", encoding="utf-8")


def _write_card(folder: Path, manifests: Sequence[Manifest]) -> None:
    (folder / CARD).write_text(model_card(manifests), encoding="utf-8")
