"""Small models with random weights: ModernBERT's architecture (Warner et al., 2024), and T5's (Raffel et al., 2020)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from transformers import (
    ModernBertConfig,
    ModernBertModel,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)

from sharewise.models.options import ScratchOptions

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def scratch_backbone(options: ScratchOptions, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """Make the encoder; its size comes from the options, its weights from torch's global generator.

    Pre-norm, rotary positions, gated linear units; full attention in every layer, for local attention saves
    nothing on short texts.
    """
    config = ModernBertConfig(
        vocab_size=len(tokenizer),
        hidden_size=options.width,
        intermediate_size=2 * options.width,
        num_hidden_layers=options.layers,
        num_attention_heads=options.attention_heads,
        layer_types=["full_attention"] * options.layers,
        rope_parameters={"full_attention": {"rope_type": "default", "rope_theta": 10000.0}},
        pad_token_id=tokenizer.pad_token_id,
        cls_token_id=tokenizer.cls_token_id,
        sep_token_id=tokenizer.sep_token_id,
        bos_token_id=None,
        eos_token_id=None,
        embedding_dropout=options.dropout,
        attention_dropout=options.dropout,
        mlp_dropout=options.dropout,
        classifier_dropout=options.dropout,
    )
    config._attn_implementation = "sdpa"
    return ModernBertModel(config)


def scratch_text2text(options: ScratchOptions, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """Make an encoder-decoder of as many layers on each side; its weights come from torch's global generator.

    Gated linear units, and outputs that are not scaled down, as in T5 version 1.1. What each layer adds begins smaller
    the more layers there are (Radford et al., 2019), so that a decoder of random weights still sees the words.
    Embeddings are the output weights too, of deviation width^-1/2, so that every token begins about as probable.
    """
    config = T5Config(  # type: ignore[call-arg]
        vocab_size=len(tokenizer),
        d_model=options.width,
        d_kv=options.width // options.attention_heads,
        d_ff=2 * options.width,
        num_layers=options.layers,
        num_decoder_layers=options.layers,
        num_heads=options.attention_heads,
        dropout_rate=options.dropout,
        feed_forward_proj="gated-gelu",
        # To transformers this means that outputs aren't scaled; it ties the weights all the same.
        tie_word_embeddings=False,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.pad_token_id,
    )
    model = T5ForConditionalGeneration(config)
    with torch.no_grad():
        model.lm_head.weight.mul_(options.width**-0.5)
        for name, weight in model.named_parameters():
            if name.endswith((".o.weight", ".wo.weight")):
                weight.mul_((2 * options.layers) ** -0.5)
    return model
