"""The encoder that tasks share: token ids in, token states out, pooled into one vector a text."""

from __future__ import annotations

import hashlib
import inspect
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from sharewise.data.tokens import TokenBatch, tokenizer_digest
from sharewise.errors import UserError
from sharewise.models.kernels import install, packing
from sharewise.models.options import EncoderOptions

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

# Names under which configurations keep the dropout of hidden states, a classifier's own first.
_DROPOUTS = ("classifier_dropout", "hidden_dropout_prob", "hidden_dropout", "dropout", "dropout_rate")
_DEFAULT_DROPOUT = 0.1
# How peft names the layer that it wraps, and what it adds to it.
_WRAPPED, _ADDED = ".base_layer", ".lora_"


class Encoder(nn.Module):
    """A transformers model without head, and the way its token states become one vector.

    Attributes:
        backbone: the model.
        width: size of a token state.
        dropout: probability that a head drops a feature.
        pooling: ``cls`` (the first token's state) or ``mean`` (over the tokens that are no pads).
        segments: how many segments the model knows; token types are passed only where it is two or more.
        longest: how many tokens its position table holds, or None where positions need no table.
        first_position: the position of a text's first token.
        packs: whether batches are packed before the model sees them.
    """

    def __init__(self, backbone: PreTrainedModel, options: EncoderOptions) -> None:
        super().__init__()
        config = backbone.config
        self.backbone = backbone
        self.width = int(config.hidden_size)
        self.pooling = options.pooling
        self.dropout = _head_dropout(config) if options.dropout is None else options.dropout
        self.longest = position_limit(backbone)
        self.first_position = _first_position(backbone)
        self.packs = False
        takes_types = "token_type_ids" in inspect.signature(backbone.forward).parameters
        self.segments = int(getattr(config, "type_vocab_size", 0) or 0) if takes_types else 0

    def forward(self, tokens: TokenBatch) -> torch.Tensor:
        """Return the last layer's token states, ``(batch, length, width)``."""
        if self.packs and packing.allowed():
            batch = packing.Packing.of(tokens)
            return batch.unpack(self._packed(tokens, batch))
        inputs = {"input_ids": tokens.input_ids, "attention_mask": tokens.attention_mask.long()}
        if self.segments > 1 and tokens.token_type_ids is not None:
            inputs["token_type_ids"] = tokens.token_type_ids
        states: torch.Tensor = self.backbone(**inputs, return_dict=True).last_hidden_state
        return states

    def quicken(self, *, native: bool) -> None:
        """Compute with faster layers from now on, on packed texts where the backbone allows it; on the CPU only.

        Args:
            native: whether with kernels in C.
        """
        self.packs = install(self.backbone, native=native)

    def pooled(self, tokens: TokenBatch) -> torch.Tensor:
        """Return one vector a text, float32 ``(batch, width)``."""
        # Of the last layer no other states are read, so that they needn't be computed; but whatever hangs on to the
        # encoder is shown all of them.
        if self.pooling == "cls" and self.packs and packing.allowed() and not self._forward_hooks:
            batch = packing.Packing.of(tokens, first_only=True)
            return batch.first(self._packed(tokens, batch)).float()
        return self.pool(self(tokens), tokens.attention_mask)

    def _packed(self, tokens: TokenBatch, batch: packing.Packing) -> torch.Tensor:
        """The backbone's answer to a packed batch, ``(1, tokens, width)``."""
        pad = self.backbone.config.pad_token_id
        inputs = {
            "input_ids": batch.pack(tokens.input_ids, 0 if pad is None else pad),
            "position_ids": batch.positions[None] + self.first_position,
        }
        # klue/roberta-base has one segment, but a BERT tokenizer that puts the second text into another.
        if self.segments > 1 and tokens.token_type_ids is not None:
            inputs["token_type_ids"] = batch.pack(tokens.token_type_ids, 0)
        with packing.packed(batch):
            states: torch.Tensor = self.backbone(**inputs, return_dict=True).last_hidden_state
        return states

    @property
    def table(self) -> nn.Embedding:
        """The input embeddings, ``(vocabulary, embedding size)``."""
        table = self.backbone.get_input_embeddings()
        if not isinstance(table, nn.Embedding):
            raise TypeError(f"the input embeddings are a {type(table).__name__}, not an nn.Embedding")
        return table

    def own_weights(self) -> dict[str, torch.Tensor]:
        """The backbone's weights by their own names, also where peft has wrapped some of its layers."""
        return {
            name.replace(_WRAPPED, ""): value
            for name, value in self.backbone.state_dict().items()
            if not is_added(name)
        }

    def pool(self, hidden: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Turn token states ``(batch, length, width)`` into one vector a text, as ``pooled`` does of its own."""
        if self.pooling == "cls":
            return hidden[:, 0].float()
        mask = attention_mask.unsqueeze(-1).to(torch.float32)
        return (hidden.float() * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)


def is_added(name: str) -> bool:
    """Whether a weight of this name was put into an encoder by peft."""
    return _ADDED in name


def build_encoder(options: EncoderOptions, tokenizer: PreTrainedTokenizerBase, *, seed: int) -> Encoder:
    """Load the encoder that the options name, or make one with random weights.

    Whatever weights are random depend on ``seed`` alone; the global generators are left as they were.

    Raises:
        UserError: where it can't be loaded, or its tokenizer has more pieces than it has embeddings.
    """
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(derived_seed(seed, "encoder"))
        if options.scratch is not None:
            from sharewise.models.scratch import scratch_backbone

            backbone = scratch_backbone(options.scratch, tokenizer)
        else:
            from sharewise.models.backbones import load_backbone

            backbone = load_backbone(options)
    encoder = Encoder(backbone, options)
    rows, highest = encoder.table.num_embeddings, max(tokenizer.get_vocab().values())
    if highest >= rows:
        raise UserError(
            f"encoder {options.name}: its tokenizer gives ids up to {highest}, but it has {rows} embeddings",
            expected="a tokenizer and a model that were saved together",
        )
    return encoder


def check_length(encoder: Encoder, max_length: int) -> None:
    """Refuse a maximum length over the model's own position table.

    Raises:
        UserError: where ``max_length`` tokens are more than the table holds.
    """
    if encoder.longest is not None and max_length > encoder.longest:
        raise UserError(
            f"training.max_length: {max_length} tokens, but this encoder has {encoder.longest} positions",
            action=f"set `max_length: {encoder.longest}` or less, or take another encoder",
        )


def fingerprint(options: EncoderOptions, tokenizer: PreTrainedTokenizerBase) -> str:
    """SHA-256 of an encoder before training: its tokenizer, and its files or the options of random weights.

    The seed of random weights is not in it.
    """
    if options.scratch is not None:
        source = options.scratch.model_dump_json()
    else:
        from sharewise.models.pretrained import source_digest

        source = source_digest(options)
    return hashlib.sha256(f"{tokenizer_digest(tokenizer)} {source}".encode()).hexdigest()


def derived_seed(seed: int, purpose: str) -> int:
    """A seed of 63 bits for one purpose, so that different uses of one run's seed are independent."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{purpose}".encode()).digest()[:8], "little") >> 1


def _head_dropout(config: Any) -> float:
    values = (getattr(config, name, None) for name in _DROPOUTS)
    return next((float(v) for v in values if isinstance(v, (int, float))), _DEFAULT_DROPOUT)


def position_limit(backbone: nn.Module) -> int | None:
    """Rows of the position table that hold positions; RoBERTa's, up to the pad id, don't."""
    table = _position_table(backbone)
    return None if table is None else table.num_embeddings - _first_position(backbone)


def _first_position(backbone: nn.Module) -> int:
    table = _position_table(backbone)
    return 0 if table is None or table.padding_idx is None else table.padding_idx + 1


def _position_table(backbone: nn.Module) -> nn.Embedding | None:
    for name, module in backbone.named_modules():
        last = name.rpartition(".")[2]
        if isinstance(module, nn.Embedding) and last in ("position_embeddings", "embed_positions", "wpe"):
            return module
    return None
