"""A small encoder with random weights: ModernBERT's architecture (Warner et al., 2024)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transformers import ModernBertConfig, ModernBertModel, PreTrainedModel

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
