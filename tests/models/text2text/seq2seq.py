"""Tiny encoder-decoders with random weights, and one saved the way Japanese T5s are."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import sentencepiece
import torch
import transformers as tf
from safetensors.torch import save_file
from transformers.modeling_outputs import BaseModelOutput

from sharewise.models.pretrained import quiet

VOCABULARY = 24
END = 1
TEXTS = [
    "もっと軽ければよかったのに。",
    "この掃除機は思ったより軽い。",
    "電池が長く持てば買い直さなかった。",
    "音が静かで、とても気に入っています。",
    "店で見ていたら、買わなかったと思う。",
    "値段の割に丈夫で、毎日使っています。",
    "amcd: 反実仮想 事実",
    "jsts: 0.0 0.5 1.0 1.5 2.0 2.5 3.0 3.5 4.0 4.5 5.0",
]


@cache
def tiny(kind: str) -> Any:
    """A T5 (relative positions shared by layers), a UMT5 (of each layer) or a BART (learned positions)."""
    ids = {"pad_token_id": 0, "eos_token_id": END, "decoder_start_token_id": 2}
    t5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2, "dropout_rate": 0.1}
    sides = ("encoder", "decoder")
    bart = {
        f"{s}_{k}": v for s in sides for k, v in {"layers": 2, "attention_heads": 2, "ffn_dim": 32}.items()
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        if kind == "bart":
            config = tf.BartConfig(
                vocab_size=VOCABULARY, d_model=16, max_position_embeddings=64, bos_token_id=3, **bart, **ids
            )
            return tf.BartForConditionalGeneration(config).eval()
        config_class, model_class = {
            "t5": (tf.T5Config, tf.T5ForConditionalGeneration),
            "umt5": (tf.UMT5Config, tf.UMT5ForConditionalGeneration),
        }[kind]
        return model_class(config_class(vocab_size=VOCABULARY, **t5, **ids)).eval()


@torch.no_grad()
def forced(
    model: Any, states: torch.Tensor, mask: torch.Tensor, labels: Sequence[Sequence[int]]
) -> torch.Tensor:
    """Log-probability of each label, forced through the decoder alone and without a cache, ``(rows, labels)``."""
    found = []
    for label in labels:
        fed = torch.tensor([[model.config.decoder_start_token_id, *label[:-1]]]).repeat(len(states), 1)
        logits = model(
            encoder_outputs=BaseModelOutput(last_hidden_state=states),
            attention_mask=mask,
            decoder_input_ids=fed,
            use_cache=False,
        ).logits
        gold = torch.tensor([list(label)]).repeat(len(states), 1).unsqueeze(2)
        found.append(logits.float().log_softmax(dim=2).gather(2, gold).sum(dim=(1, 2)))
    return torch.stack(found, dim=1)


def save_japanese_t5(folder: Path) -> Path:
    """Save model and tokenizer as sonoisa/t5-base-japanese has them: a SentencePiece model, no tokenizer.json."""
    folder.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXTS * 4),
        model_writer=model,
        vocab_size=120,
        model_type="unigram",
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        hard_vocab_limit=False,
        minloglevel=9,
    )
    (folder / "spiece.model").write_bytes(model.getvalue())
    extra = [f"<extra_id_{i}>" for i in range(100)]
    special = {
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "additional_special_tokens": extra,
    }
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    facts = special | {"extra_ids": 100, "sp_model_kwargs": {}, "tokenizer_class": "T5Tokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(facts))
    config = tf.T5Config(
        vocab_size=256,
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=1,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
        architectures=["T5ForConditionalGeneration"],
    )
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(5)
        t5 = tf.T5ForConditionalGeneration(config)
        t5.save_pretrained(folder)
        tensors = {name: value.clone() for name, value in t5.state_dict().items()}
        # Version 1.1, of which this is one, has output weights of its own.
        tensors["lm_head.weight"] = torch.randn(tensors["lm_head.weight"].shape)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    stated = json.loads((folder / "config.json").read_text())
    stated["tie_word_embeddings"] = stated.pop("scale_decoder_outputs")
    (folder / "config.json").write_text(json.dumps(stated))
    return folder
