"""Where models of transformers are, and the tokenizers beside them: silent, whole, or a clear refusal."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import HfApi, ModelCard, try_to_load_from_cache
from huggingface_hub.constants import is_offline_mode
from huggingface_hub.utils import logging as hub_logging
from transformers.utils import logging
from transformers.utils.hub import cached_file, extract_commit_hash
from yaml import YAMLError

from sharewise.errors import UserError
from sharewise.models.options import EncoderOptions

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Files that decide what a local folder's model and tokenizer do; a model card or a training log doesn't.
_SUFFIXES = (".safetensors", ".bin", ".json", ".txt", ".model", ".py")


def load_pretrained_tokenizer(options: EncoderOptions) -> PreTrainedTokenizerBase:
    """Load the tokenizer that comes with the model that ``options.name`` names.

    Raises:
        UserError: where there is none, or it can't be read.
    """
    # Imported where it is used: it knows every family of models, and an encoder from scratch needs none of them.
    from transformers import AutoTokenizer

    name = model_name(options, "config.json", "tokenizer_config.json")
    with quiet(), explained(name):
        reach(name, options)
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name, **source_arguments(options))
    # Without tokenizer files transformers makes one up that knows its special tokens alone.
    if set(tokenizer.get_vocab()) <= set(tokenizer.all_special_tokens):
        raise UserError(
            f"encoder {name}: there is no tokenizer with this model",
            expected="a tokenizer beside the model (tokenizer.json, vocab.txt or a SentencePiece model)",
            action="save the tokenizer into the model's folder, with its `save_pretrained`",
        )
    return tokenizer


def source_digest(options: EncoderOptions) -> str:
    """SHA-256 of a local folder's files, or of the commit that a hub id stands for."""
    name = model_name(options)
    folder = Path(name)
    digest = hashlib.sha256()
    if folder.is_dir():
        for file in sorted(folder.iterdir()):
            if file.suffix in _SUFFIXES and file.is_file():
                with file.open("rb") as stream:
                    content = hashlib.file_digest(stream, "sha256").hexdigest()
                digest.update(f"{file.name} {content} ".encode())
        return digest.hexdigest()
    with quiet(), explained(name):
        commit = extract_commit_hash(
            cached_file(name, "config.json", revision=options.revision or "main"), None
        )
    digest.update(f"{name} {commit}".encode())
    return digest.hexdigest()


def source_licence(options: EncoderOptions) -> str | None:
    """The licence that the model card of a named encoder states; None where there is no card at hand, or none in it."""
    name = str(options.name)
    card = Path(name).expanduser() / "README.md"
    if not card.is_file():
        found = (
            None
            if Path(name).is_dir()
            else try_to_load_from_cache(name, "README.md", revision=options.revision)
        )
        if not isinstance(found, str):
            return None
        card = Path(found)
    try:
        stated = ModelCard(card.read_text(encoding="utf-8")).data.get("license")
    except (OSError, ValueError, YAMLError):
        return None
    return str(stated) if stated else None


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' progress bars, reports and warnings from the user's terminal."""
    level, hub_level, bars = (
        logging.get_verbosity(),
        hub_logging.get_verbosity(),
        logging.is_progress_bar_enabled(),
    )
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        hub_logging.set_verbosity(hub_level)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def model_name(options: EncoderOptions, *files: str) -> str:
    """The hub id, or the folder that holds one of these files; what can't be a hub id must be a folder."""
    name = str(options.name)
    folder = Path(name).expanduser()
    if folder.is_dir():
        if files and not any((folder / file).is_file() for file in files):
            raise UserError(
                f"encoder {name}: the folder holds no {' or '.join(files)}",
                expected="a folder that transformers' `save_pretrained` wrote, model and tokenizer both",
            )
        return str(folder)
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or "\\" in name:
        raise UserError(
            f"encoder {name}: there is no such folder",
            expected="a folder with a saved model, or a hub id such as klue/roberta-base",
        )
    return name


def reach(name: str, options: EncoderOptions) -> None:
    """Ask the hub once for a model that isn't in the local cache; transformers would retry for a minute."""
    if Path(name).is_dir() or is_offline_mode():
        return
    if not isinstance(try_to_load_from_cache(name, "config.json", revision=options.revision), str):
        HfApi().model_info(name, revision=options.revision, timeout=30)


def source_arguments(options: EncoderOptions) -> dict[str, Any]:
    """What every ``from_pretrained`` is told of an encoder."""
    return {"revision": options.revision or "main", "trust_remote_code": options.trust_remote_code}


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn what transformers raises for a wrong name or a broken file into one clear message."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())
        folder = Path(name).is_dir()
        raise UserError(
            f"encoder {name}: it can't be loaded from {'this folder' if folder else 'the hub'} "
            f"({type(error).__name__}: {reason[:300]})",
            expected="a model and a tokenizer as transformers saves them"
            if folder
            else "a folder, or a hub id",
            action=_advice(reason, folder=folder),
        ) from error


def _advice(reason: str, *, folder: bool) -> str:
    if "custom code" in reason:
        return "read the model's code; where you trust it, add `trust_remote_code: true` to the encoder"
    if "pip install" in reason or "requires the" in reason:
        return "install the package that the message names"
    if folder:
        return "save model and tokenizer into the folder again"
    return (
        "check the spelling and the network; a private model needs HF_TOKEN; without a network, "
        "download the model elsewhere and name its folder"
    )
