"""Tokenizers: the one that comes with an encoder, or one trained on the training texts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from sharewise.data.table import text_digest
from sharewise.files import write_whole
from sharewise.models.options import EncoderOptions
from sharewise.models.pretrained import load_pretrained_tokenizer

# Raised when the same texts would give another tokenizer.
_FORMAT = 3
# Kanji, hiragana and katakana in a row: where the script changes a word mostly ends, or its stem does.
_ONE_SCRIPT = r"[\p{Han}々〆ヶ]+|\p{Hiragana}+|[\p{Katakana}ー]+"
_NORMALIZERS = (normalizers.NFKC(), normalizers.Lowercase())
# Share of the characters from which texts are taken for Japanese or Chinese.
_JAPANESE = 0.1
_SPECIAL = {
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "unk_token": "[UNK]",
    "mask_token": "[MASK]",
}
_SLICE = 8192
# Texts over so many characters are trained on in parts: the time for a word grows with the square of its length, and a
# file read wrong, or a picture in base64, can be one word of millions.
_LONG, _PART = 10_000, 1_000


def load_tokenizer(
    options: EncoderOptions,
    train_texts: pl.DataFrame | None = None,
    cache: Path | None = None,
    *,
    digest: str | None = None,
) -> PreTrainedTokenizerBase:
    """Load the encoder's tokenizer, or train one where the encoder is made from scratch.

    Args:
        options: the encoder.
        train_texts: the training split's texts, ``(rows, 2)``: ``text`` and ``pair``, and ``context`` where there is
            one; needed for ``scratch``.
        cache: folder in which trained tokenizers are kept under a hash of texts and size.
        digest: `text_digest` of the texts, where it is known.

    Raises:
        UserError: where a named encoder's tokenizer can't be loaded.
    """
    if options.scratch is None:
        return load_pretrained_tokenizer(options)
    if train_texts is None:
        raise ValueError("a scratch encoder's tokenizer is trained on the training texts")
    size = options.scratch.vocabulary
    if cache is None:
        return wrap(train_tokenizer(train_texts, size))
    key = hashlib.sha256(f"{_FORMAT} {size} {digest or text_digest(train_texts)}".encode()).hexdigest()[:32]
    file = cache / "tokenizers" / f"{key}.json"
    trained = _read(file)
    if trained is None:
        trained = train_tokenizer(train_texts, size)
        write_whole(file, lambda beside: trained.save(str(beside)))
    return wrap(trained)


def train_tokenizer(texts: pl.DataFrame, vocabulary: int) -> Tokenizer:
    """Train byte-level BPE (Sennrich et al., 2016; Radford et al., 2019) on texts, pairs and earlier turns.

    Bytes serve every script without an unknown piece, and of the library's trainers this one gives the same
    tokenizer each time. Full-width letters, decomposed Hangul and their like take one form; case is dropped. Where many
    characters are kanji or kana, no piece holds two scripts: without spaces between words whole phrases would become
    pieces, in which two sentences of the same words have nothing in common.

    Args:
        texts: ``(rows, 2)``: ``text`` and ``pair``.
        vocabulary: pieces at most, 256 bytes and the special tokens among them.
    """
    tokenizer = Tokenizer(BPE())
    tokenizer.normalizer = normalizers.Sequence([*_NORMALIZERS])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    if _without_spaces(texts):
        # The blank before the first word once, and not before each part, where ids would become text with it.
        tokenizer.normalizer = normalizers.Sequence([*_NORMALIZERS, normalizers.Prepend(" ")])
        parts = pre_tokenizers.Split(Regex(_ONE_SCRIPT), behavior="isolated")
        plain = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([parts, plain])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(_SPECIAL.values()),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_slices(texts), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def for_text(trained: PreTrainedTokenizerBase) -> PreTrainedTokenizerBase:
    """Turn a tokenizer that was trained here into a text-to-text model's: the same pieces, an end, no beginning."""
    tokenizer = Tokenizer.from_str(trained.backend_tokenizer.to_str())
    end = _SPECIAL["sep_token"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {end}", pair=f"$A {end} $B {end}", special_tokens=[(end, tokenizer.token_to_id(end))]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        eos_token=end,
        model_input_names=["input_ids", "attention_mask"],
        **{key: _SPECIAL[key] for key in ("pad_token", "unk_token", "mask_token")},
    )


def wrap(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """Give a trained tokenizer the class that transformers saves and loads."""
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **_SPECIAL)  # type: ignore[no-untyped-call]


def _read(file: Path) -> Tokenizer | None:
    """The kept tokenizer; None where there is none, or a damaged one that is then trained anew."""
    try:
        return Tokenizer.from_file(str(file))
    except Exception:  # The library raises nothing more special.
        return None


def _without_spaces(texts: pl.DataFrame) -> bool:
    """Whether so much is Japanese or Chinese that its words have to be told apart."""
    columns = [texts[name].cast(pl.String).drop_nulls() for name in ("text", "pair")]
    found, all_of_them = (
        sum(int(count.sum() or 0) for count in counts)
        for counts in (
            [column.str.count_matches(r"[\p{Han}\p{Hiragana}\p{Katakana}]") for column in columns],
            [column.str.len_chars() for column in columns],
        )
    )
    return found > _JAPANESE * all_of_them


def _slices(texts: pl.DataFrame) -> Iterator[list[str]]:
    for name in ("text", "pair"):
        for part in texts[name].cast(pl.String).drop_nulls().to_frame().iter_slices(_SLICE):
            yield _in_parts(part[name].to_list())
    if "context" in texts.columns:
        for part in texts.select("context").iter_slices(_SLICE):
            yield _in_parts(part["context"].explode().drop_nulls().to_list())


def _in_parts(texts: list[str]) -> list[str]:
    return [
        part
        for text in texts
        for part in (
            [text]
            if len(text) <= _LONG
            else [text[start : start + _PART] for start in range(0, len(text), _PART)]
        )
    ]
