"""The weights of models of transformers, from a folder or the hub: whole, or a clear refusal.

Apart from `pretrained`, because transformers' model classes take longer to import than a tokenizer to load.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import torch
from transformers import (
    MODEL_MAPPING,
    AutoConfig,
    AutoModel,
    AutoModelForSeq2SeqLM,
    PreTrainedConfig,
    PreTrainedModel,
)

from sharewise.errors import UserError
from sharewise.models.options import EncoderOptions
from sharewise.models.pretrained import explained, model_name, quiet, reach, source_arguments


def load_backbone(options: EncoderOptions) -> PreTrainedModel:
    """Load the model that ``options.name`` names, without head and pooler, in float32.

    Raises:
        UserError: where there is no such model, it can't be read, or some of its weights are missing.
    """
    name = model_name(options, "config.json")
    with quiet(), explained(name):
        reach(name, options)
        config = AutoConfig.from_pretrained(name, **source_arguments(options))
        if config.is_encoder_decoder:
            raise UserError(
                f"encoder {name}: {config.model_type} is an encoder with a decoder",
                expected="an encoder: BERT, RoBERTa, ELECTRA, DeBERTa, ModernBERT and their like",
                action="add `backend: text2text` to have it write labels",
            )
        model, info = AutoModel.from_pretrained(
            name,
            config=config,
            dtype=torch.float32,
            output_loading_info=True,
            **source_arguments(options),
            **_arguments(config),
        )
    # A pooler is the one part that many folders lack.
    _check_whole(name, config, [key for key in info["missing_keys"] if "pooler" not in key])
    loaded: PreTrainedModel = model
    return loaded


def load_text2text(options: EncoderOptions) -> PreTrainedModel:
    """Load the encoder-decoder that ``options.name`` names, in float32.

    Raises:
        UserError: where there is no such model, it is no encoder-decoder, it can't be read, or some of its weights
            are missing.
    """
    name = model_name(options, "config.json")
    with quiet(), explained(name):
        reach(name, options)
        config = AutoConfig.from_pretrained(name, **source_arguments(options))
        if not config.is_encoder_decoder:
            raise UserError(
                f"encoder {name}: {config.model_type} has no decoder that could write",
                expected="an encoder-decoder for `backend: text2text`: T5, mT5, UL2, BART and their like",
            )
        model, info = AutoModelForSeq2SeqLM.from_pretrained(
            name, config=config, dtype=torch.float32, output_loading_info=True, **source_arguments(options)
        )
    _check_whole(name, config, info["missing_keys"])
    if model.config.decoder_start_token_id is None:
        raise UserError(
            f"encoder {name}: its config.json doesn't say with which token the decoder begins",
            expected="`decoder_start_token_id` in config.json",
        )
    loaded: PreTrainedModel = model
    return loaded


def _check_whole(name: str, config: PreTrainedConfig, missing: Iterable[str]) -> None:
    """Refuse a model that lacks weights, which transformers fills with random ones."""
    lacking = sorted(missing)
    if lacking:
        raise UserError(
            f"encoder {name}: {len(lacking)} of the model's weights are not in its files ({lacking[0]}, …)",
            expected=f"all weights of the {config.model_type} that its config.json describes",
            action="download or save the model again",
        )


def _arguments(config: PreTrainedConfig) -> dict[str, Any]:
    """What the model's class takes: fused attention, and no pooler, which would never be trained."""
    if type(config) not in MODEL_MAPPING:
        return {}
    kind: Any = MODEL_MAPPING[type(config)]
    arguments: dict[str, Any] = {"attn_implementation": "sdpa" if kind._supports_sdpa else "eager"}
    if "add_pooling_layer" in inspect.signature(kind.__init__).parameters:
        arguments["add_pooling_layer"] = False
    return arguments
