"""Packed texts: all tokens of a batch one after another, so that nothing but attention ever sees a pad.

Matrix products take the tokens as they are, a few more at the end to round their number up: each new number of rows
costs the CPU's matrix library milliseconds of preparation. Attention spreads the tokens out again, to a length that
suits vector registers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, final

import torch

from sharewise.data.tokens import TokenBatch

# Tokens of a batch are rounded up to a multiple of the first, lengths in attention of the second.
_TOKENS, _LENGTH = 32, 32
_allowed: ContextVar[bool] = ContextVar("packing allowed", default=True)
_current: ContextVar[Packing | None] = ContextVar("packing", default=None)


class Layout(Protocol):
    """How a batch lies, and how attention sees it: as ``batch * heads`` matrices of ``(length, size)``."""

    @property
    def bias(self) -> torch.Tensor:
        """What attention adds to its scores: minus infinity where nothing is to be read, ``(batch, 1, 1, length)``."""

    def spread(self, values: torch.Tensor) -> torch.Tensor:
        """Turn an encoder's queries, keys or values into ``(batch * heads, length, size)``, zero at pads."""

    def gather(self, values: torch.Tensor) -> torch.Tensor:
        """Turn ``(batch * heads, length, size)`` into what the encoder takes back, heads before the last."""


@final
@dataclass(frozen=True)
class Padded:
    """A batch that is padded on the right.

    Attributes:
        width: its length.
        bias: see Layout.
    """

    width: int
    bias: torch.Tensor

    @classmethod
    def of(cls, mask: torch.Tensor | None, query: torch.Tensor) -> Padded:
        """Return the layout of queries ``(batch, heads, length, size)`` that all read by the same mask."""
        batch, _, width, _ = query.shape
        return cls(
            width, _bias(torch.ones(batch, width, dtype=torch.bool) if mask is None else mask[:, 0, 0])
        )

    def spread(self, values: torch.Tensor) -> torch.Tensor:
        """See Layout."""
        batch, heads, _, size = values.shape
        blank = values.new_zeros(batch, heads, self.bias.shape[-1], size)
        blank[:, :, : self.width] = values
        return blank.view(batch * heads, -1, size)

    def gather(self, values: torch.Tensor) -> torch.Tensor:
        """See Layout."""
        found = values.view(len(self.bias), -1, *values.shape[1:])
        return found[:, :, : self.width].transpose(1, 2).contiguous()


@final
@dataclass(frozen=True)
class Packing:
    """How a batch is packed.

    Attributes:
        mask: bool ``(batch, length)`` of the batch; False at pads.
        total: tokens after packing, the added ones included.
        first_only: whether of the last layer's states only the texts' first ones are read.
    """

    mask: torch.Tensor
    total: int
    first_only: bool = False

    @classmethod
    def of(cls, tokens: TokenBatch, *, first_only: bool = False) -> Packing:
        """Return how a batch is to be packed."""
        total = rounded_total(max(1, int(tokens.attention_mask.sum())))
        # The number of states must tell all tokens from first ones.
        if first_only and total == len(tokens.attention_mask):
            total += _TOKENS
        return cls(tokens.attention_mask, total, first_only)

    @cached_property
    def rows(self) -> torch.Tensor:
        """Place of each real token among ``batch * length``, int64 ``(tokens,)``."""
        return self.mask.flatten().nonzero().squeeze(1)

    @cached_property
    def starts(self) -> torch.Tensor:
        """Where each text begins among the real tokens, and where the last one ends: int64 ``(batch + 1,)``."""
        return torch.nn.functional.pad(self.mask.sum(dim=1).cumsum(dim=0), (1, 0))

    @cached_property
    def firsts(self) -> torch.Tensor:
        """Place of each text's first token, int64 ``(batch,)``; some other token's where a text has none."""
        return self.starts[:-1].clamp(max=self.total - 1)

    @cached_property
    def positions(self) -> torch.Tensor:
        """Place of each token in its text, int64 ``(total,)``; 0 for added ones."""
        return self._filled(self.rows % self.mask.shape[1], 0)

    @property
    def length(self) -> int:
        """Length of the texts as attention sees them."""
        return _rounded(self.mask.shape[1], _LENGTH)

    @cached_property
    def places(self) -> torch.Tensor:
        """Place of each real token among ``batch * self.length``, int64 ``(tokens,)``."""
        width = self.mask.shape[1]
        return self.rows // width * self.length + self.rows % width

    @cached_property
    def bias(self) -> torch.Tensor:
        """See Layout."""
        return _bias(self.mask)

    def pack(self, values: torch.Tensor, filler: int) -> torch.Tensor:
        """Turn ``(batch, length)`` into ``(1, total)``."""
        return self._filled(values.flatten()[self.rows], filler)[None]

    def unpack(self, states: torch.Tensor) -> torch.Tensor:
        """Turn ``(1, total, width)`` into ``(batch, length, width)``, zero at pads."""
        batch, length = self.mask.shape
        blank = states.new_zeros(batch * length, states.shape[-1])
        return blank.index_copy(0, self.rows, states[0, : len(self.rows)]).view(batch, length, -1)

    def first(self, states: torch.Tensor) -> torch.Tensor:
        """Return the state of each text's first token, ``(batch, width)``; zero where a text has no token.

        Args:
            states: ``(1, total, width)``, or ``(1, batch, width)`` where the last layer computed no others.
        """
        found = states[0] if states.shape[1] == len(self.mask) else states[0, self.firsts]
        return found * self.mask[:, :1]

    @cached_property
    def low_bias(self) -> torch.Tensor:
        """The same in bfloat16."""
        return self.bias.to(torch.bfloat16)

    def spread(self, values: torch.Tensor) -> torch.Tensor:
        """Turn ``(1, heads, total, size)`` into ``(batch * heads, self.length, size)``, zero at pads."""
        heads = values.shape[1]
        return self.spread_all(values[0].transpose(0, 1).reshape(values.shape[2], -1), heads, 1)[0]

    def gather(self, values: torch.Tensor) -> torch.Tensor:
        """Turn ``(batch * heads, self.length, size)`` into ``(1, total, heads, size)``, zero for added tokens."""
        return self.gather_all(values[None]).view(1, self.total, -1, values.shape[-1])

    def spread_all(self, values: torch.Tensor, heads: int, parts: int) -> torch.Tensor:
        """Turn ``(total, parts * heads * size)`` into ``(parts, batch * heads, self.length, size)``, zero at pads."""
        batch = len(self.mask)
        blank = values.new_zeros(batch * self.length, values.shape[1])
        blank.index_copy_(0, self.places, values[: len(self.places)])
        found = blank.view(batch, self.length, parts, heads, -1).permute(2, 0, 3, 1, 4)
        return found.reshape(parts, batch * heads, self.length, -1)

    def gather_all(self, values: torch.Tensor) -> torch.Tensor:
        """Turn ``(parts, batch * heads, self.length, size)`` into ``(total, parts * heads * size)``."""
        parts, _, _, size = values.shape
        found = values.view(parts, len(self.mask), -1, self.length, size).permute(1, 3, 0, 2, 4)
        found = found.reshape(len(self.mask) * self.length, -1)
        packed = found.new_empty(self.total, found.shape[1])
        packed[len(self.places) :] = 0
        torch.index_select(found, 0, self.places, out=packed[: len(self.places)])
        return packed

    def _filled(self, values: torch.Tensor, filler: int) -> torch.Tensor:
        return torch.nn.functional.pad(values, (0, self.total - len(values)), value=filler)


def rounded_total(tokens: int) -> int:
    """Return with how many tokens a packed batch of so many is computed."""
    return _rounded(tokens, _TOKENS)


def _rounded(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


def _bias(mask: torch.Tensor) -> torch.Tensor:
    batch, width = mask.shape
    bias = torch.full((batch, _rounded(width, _LENGTH)), float("-inf"))
    bias[:, :width].masked_fill_(mask, 0.0)
    return bias[:, None, None]


def current() -> Packing | None:
    """Return how the batch that an encoder computes just now is packed, if it is."""
    return _current.get()


@contextmanager
def packed(packing: Packing) -> Iterator[None]:
    """Tell attention how the batch is packed while the block runs."""
    token = _current.set(packing)
    try:
        yield
    finally:
        _current.reset(token)


def allowed() -> bool:
    """Whether encoders and attention may add tokens of their own."""
    return _allowed.get()


@contextmanager
def forbidden() -> Iterator[None]:
    """Let encoders and attention compute batches just as they are padded while the block runs."""
    token = _allowed.set(False)
    try:
        yield
    finally:
        _allowed.reset(token)
