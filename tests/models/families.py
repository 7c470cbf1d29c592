"""Tiny encoders with random weights, each saved by transformers as the real models of its family are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from sharewise.models.pretrained import quiet

TEXTS = [
    "The screen would have been better with a brighter lamp.",
    "배우의 연기가 정말 좋았다",
    "この掃除機は思ったより軽い。",
    "It never broke, not once in four years!",
]
_LETTERS = sorted({c for text in TEXTS for c in text + text.lower() if c != " "})
_SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}


def _wordpiece(kind: Any, special: list[str], **options: Any) -> Any:
    pieces = [*special, *_LETTERS, *("##" + c for c in _LETTERS)]
    return kind(vocab={piece: i for i, piece in enumerate(pieces)}, **options)


def _unigram(kind: Any, special: list[str], *, last: list[str]) -> Any:
    pieces = [(piece, 0.0) for piece in special] + [("▁", -3.0)]
    pieces += [(start + c, -4.0 - 0.01 * i) for start in ("", "▁") for i, c in enumerate(_LETTERS)]
    return kind(vocab=pieces + [(piece, 0.0) for piece in last])


def _bytes(special: list[str]) -> Tokenizer:
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(
        TEXTS,
        BpeTrainer(vocab_size=330, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    return tokenizer


_BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def _bert() -> tuple[Any, Any]:
    tokenizer = _wordpiece(tf.BertTokenizer, _BERT)
    config = tf.BertConfig(vocab_size=len(tokenizer), max_position_embeddings=64, **_SIZES)
    return tf.BertModel(config), tokenizer


def _klue_roberta() -> tuple[Any, Any]:
    special = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"]
    tokenizer = _wordpiece(
        tf.BertTokenizer, special, do_lower_case=False, bos_token="[CLS]", eos_token="[SEP]"
    )
    config = tf.RobertaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=66,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        tokenizer_class="BertTokenizer",
        **_SIZES,
    )
    return tf.RobertaForMaskedLM(config), tokenizer


def _roberta() -> tuple[Any, Any]:
    trained = _bytes(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    content = json.loads(trained.to_str())["model"]
    tokenizer = tf.RobertaTokenizer(vocab=content["vocab"], merges=[tuple(m) for m in content["merges"]])
    config = tf.RobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, **_SIZES
    )
    return tf.RobertaModel(config), tokenizer


def _electra() -> tuple[Any, Any]:
    tokenizer = _wordpiece(tf.ElectraTokenizer, _BERT)
    config = tf.ElectraConfig(
        vocab_size=len(tokenizer), embedding_size=16, max_position_embeddings=64, **_SIZES
    )
    return tf.ElectraForPreTraining(config), tokenizer


def _distilbert() -> tuple[Any, Any]:
    tokenizer = _wordpiece(tf.DistilBertTokenizer, _BERT)
    config = tf.DistilBertConfig(
        vocab_size=len(tokenizer), dim=32, n_layers=2, n_heads=4, hidden_dim=64, max_position_embeddings=64
    )
    return tf.DistilBertForMaskedLM(config), tokenizer


def _deberta_v3() -> tuple[Any, Any]:
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
    tokenizer = _unigram(tf.DebertaV2Tokenizer, special, last=["[MASK]"])
    config = tf.DebertaV2Config(
        vocab_size=len(tokenizer) + 7,
        max_position_embeddings=64,
        type_vocab_size=0,
        relative_attention=True,
        position_buckets=16,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        max_relative_positions=-1,
        **_SIZES,
    )
    return tf.DebertaV2Model(config), tokenizer


def _xlm_r() -> tuple[Any, Any]:
    tokenizer = _unigram(tf.XLMRobertaTokenizer, ["<s>", "<pad>", "</s>", "<unk>"], last=["<mask>"])
    config = tf.XLMRobertaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=66, type_vocab_size=1, pad_token_id=1, **_SIZES
    )
    return tf.XLMRobertaForMaskedLM(config), tokenizer


def _modernbert() -> tuple[Any, Any]:
    names = {"unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "pad": "[PAD]", "mask": "[MASK]"}
    trained = _bytes(["|||IP_ADDRESS|||", *names.values()])
    trained.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:0 [SEP]:0",
        special_tokens=[(t, trained.token_to_id(t)) for t in ("[CLS]", "[SEP]")],
    )
    tokenizer = tf.PreTrainedTokenizerFast(
        tokenizer_object=trained,
        model_input_names=["input_ids", "attention_mask"],
        **{f"{key}_token": token for key, token in names.items()},
    )
    config = tf.ModernBertConfig(
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id,
        bos_token_id=tokenizer.cls_token_id,
        eos_token_id=tokenizer.sep_token_id,
        local_attention=8,
        **_SIZES,
    )
    return tf.ModernBertForMaskedLM(config), tokenizer


FAMILIES: dict[str, Callable[[], tuple[Any, Any]]] = {
    "bert": _bert,
    "klue_roberta": _klue_roberta,
    "roberta": _roberta,
    "electra": _electra,
    "distilbert": _distilbert,
    "deberta_v3": _deberta_v3,
    "xlm_r": _xlm_r,
    "modernbert": _modernbert,
}


def save_family(name: str, folder: Path) -> Path:
    """Save one family's model and tokenizer; the weights are the same each time."""
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(7)
        model, tokenizer = FAMILIES[name]()
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder
