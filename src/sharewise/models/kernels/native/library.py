"""The kernels in C as functions of tensors."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, final

import numpy as np
import torch

from sharewise.models.kernels.native.drop import Drop

_P, _I, _F = ctypes.c_void_p, ctypes.c_int64, ctypes.c_float
_DROP = (ctypes.c_uint32, _F, ctypes.c_uint64)
# What each takes, and whether it says -1 where memory ran out. The last of all is the number of threads.
_SIGNATURES: dict[str, tuple[tuple[Any, ...], bool]] = {
    "drop_cells": ((_P, _P, _I, _I, *_DROP, _I), False),
    "norm_forward": ((*[_P] * 5, _F, *[_P] * 4, _I, _I, *_DROP, _I), False),
    "norm_backward": ((*[_P] * 9, _I, _I, *_DROP, _I), True),
    "gelu_forward": ((_P, _P, _P, _I, _I, _I), False),
    "gelu_backward": ((*[_P] * 5, _I, _I, _I), True),
    "attention_forward": ((*[_P] * 5, *[_I] * 4, _F, *_DROP, _I), True),
    "attention_backward": ((*[_P] * 7, *[_I] * 4, _F, *_DROP, _I), True),
    "add_and_scale": ((_P, _P, _P, _F, _P, _I, _I, _I), False),
    "gated_gelu": ((_P, _P, _I, _I), False),
    "log_sums": ((_P, _P, _I, _I, _I), False),
    "read_texts": ((_P, _I, _P, _P, _I, _P, _P, _P, _I, _I, _P, *[_I] * 4), True),
    "quantise_rows": ((_P, _P, _P, _I, _I, _I), False),
    "restore_rows": ((*[_P] * 4, _I, _I, _I), False),
    "gelu_rows": ((*[_P] * 6, _I, _I, _I), False),
    "squares": ((_P, _P, _I, _P, _I), True),
    "adamw": ((*[_P] * 9, _I, *[_F] * 4, _I), True),
}
_LOW = torch.bfloat16


@final
class Kernels:
    """Fused operations on the CPU. Tensors are contiguous, states bfloat16, weights and sums float32.

    Args:
        library: the compiled kernels.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._functions = {}
        for name, (takes, tells) in _SIGNATURES.items():
            function = getattr(library, name)
            function.argtypes, function.restype = takes, _I if tells else None
            self._functions[name] = function

    def dropped(self, x: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Return ``x``, bfloat16 or float32, dropped out and scaled."""
        x = x.contiguous()
        y = torch.empty_like(x)
        self._call("drop_cells", x, y, x.dtype == _LOW, x.numel(), *_given(drop))
        return y

    def norm(
        self,
        x: torch.Tensor,
        bias: torch.Tensor,
        residual: torch.Tensor,
        drop: Drop,
        norm: tuple[torch.Tensor, torch.Tensor, float],
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Add and normalise: s is residual + dropped(x + bias), y its norm.

        Args:
            x: ``(rows, width)``; s is written over it.
            bias: ``(width,)``.
            residual: like x.
            drop: dropout of ``x + bias``.
            norm: its weight, bias and epsilon.

        Returns:
            y and s, each row's mean and inverse deviation.
        """
        rows, width = x.shape
        weight, shift, eps = norm
        y = torch.empty_like(x)
        mean, rstd = x.new_empty(2, rows, dtype=torch.float32)
        self._call(
            "norm_forward",
            *(x, bias, residual, weight, shift, eps, x, y, mean, rstd, rows, width),
            *_given(drop),
        )
        return y, x, mean, rstd

    def norm_back(
        self,
        at_y: torch.Tensor,
        also: torch.Tensor | None,
        found: tuple[torch.Tensor, torch.Tensor, torch.Tensor],
        weight: torch.Tensor,
        drop: Drop,
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Go back through ``norm``.

        Args:
            at_y: gradient of y.
            also: another one, to be added to it.
            found: s, means and inverse deviations.
            weight: the norm's.
            drop: as on the way forward.

        Returns:
            Gradients of s, of x, and of the norm's weight, its bias and the bias ``(3, width)``.
        """
        rows, width = at_y.shape
        at_sum = torch.empty_like(at_y)
        at_x = torch.empty_like(at_y) if drop.limit else at_sum
        sums = torch.empty(3, width)
        self._call(
            "norm_backward", at_y, also, *found, weight, at_sum, at_x, sums, rows, width, *_given(drop)
        )
        return at_sum, at_x, sums

    def gelu(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Add a bias to ``(rows, width)``, and take GELU."""
        y = torch.empty_like(x)
        self._call("gelu_forward", x, bias, y, *x.shape)
        return y

    def gelu_back(
        self, at_y: torch.Tensor, x: torch.Tensor, bias: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the gradients of x, written over that of y, and of the bias."""
        at_bias = torch.empty_like(bias)
        self._call("gelu_backward", at_y, x, bias, at_y, at_bias, *x.shape)
        return at_y, at_bias

    def attention(
        self,
        qkv: torch.Tensor,
        bias: torch.Tensor,
        starts: torch.Tensor,
        heads: int,
        scale: float,
        drop: Drop,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Let each token of a text read the text's tokens.

        Args:
            qkv: queries, keys and values of all texts, one after another, ``(total, 3 * heads * size)``.
            bias: theirs.
            starts: where each text begins, and where the last ends; int64 ``(texts + 1,)``.
            heads: of attention.
            scale: of the products of queries and keys.
            drop: dropout of the shares.

        Returns:
            What was read, ``(total, heads * size)``, zero after the last text; and what the way back needs.
        """
        total, width = len(qkv), qkv.shape[1] // 3
        context = qkv.new_empty(total, width)
        sums = torch.empty(2, total, heads)
        self._call(
            "attention_forward",
            *(qkv, bias, starts, context, sums, total, len(starts) - 1, heads, width // heads, scale),
            *_given(drop),
        )
        return context, sums

    def attention_back(
        self,
        at_context: torch.Tensor,
        found: tuple[torch.Tensor, torch.Tensor],
        bias: torch.Tensor,
        starts: torch.Tensor,
        scale: float,
        drop: Drop,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the gradients of ``qkv`` and its bias; ``found`` is qkv and what ``attention`` kept."""
        (total, width), heads = at_context.shape, found[1].shape[2]
        at_qkv, at_bias = torch.empty_like(found[0]), torch.empty_like(bias)
        self._call(
            "attention_backward",
            *(at_context, found[0], bias, starts, found[1], at_qkv, at_bias),
            *(total, len(starts) - 1, heads, width // heads, scale),
            *_given(drop),
        )
        return at_qkv, at_bias

    def add_and_scale(
        self, x: torch.Tensor | None, stream: torch.Tensor, weight: torch.Tensor, eps: float
    ) -> torch.Tensor:
        """Add ``x``, if any, to float32 ``(rows, width)`` where it lies; return that over its root mean square.

        Args:
            x: like stream, bfloat16.
            stream: is changed.
            weight: of each column, ``(width,)``.
            eps: added to the mean square.
        """
        y = torch.empty_like(stream, dtype=_LOW)
        self._call("add_and_scale", x, stream, weight, eps, y, *stream.shape)
        return y

    def gated_gelu(self, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        """Return ``up`` times GELU (as tanh approximates it) of ``gate``, written over that."""
        self._call("gated_gelu", gate, up, gate.numel())
        return gate

    def log_sums(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logarithm of the sum of each row's exponentials, ``(rows,)`` of ``(rows, width)``."""
        found = torch.empty(len(x))
        self._call("log_sums", x, found, *x.shape)
        return found

    def read(
        self,
        queries: torch.Tensor,
        keys: torch.Tensor,
        values: torch.Tensor,
        *,
        asks: torch.Tensor,
        starts: torch.Tensor,
        heads: int,
        extra: tuple[torch.Tensor, int, int] | None = None,
    ) -> torch.Tensor:
        """Let rows of queries read the keys and values of their texts; products aren't scaled.

        Args:
            queries: ``(asking, heads * size)``, perhaps columns of a larger matrix.
            keys: ``(total, heads * size)``, likewise; values lie as far apart.
            values: like keys.
            asks: where each text's queries begin, and where the last ones end; int64 ``(texts + 1,)``.
            starts: the same of keys.
            heads: of attention.
            extra: what is added to products, float32 ``(heads, …)``: a head's numbers, the place in them of its
                first query and key, and how far apart its queries' are.

        Returns:
            What was read, ``(asking, heads * size)``, zero after the last text.
        """
        asking, width = queries.shape
        context = queries.new_zeros(asking, width)
        table, place, step = extra or (None, 0, 0)
        per_head = 0 if table is None else table[0].numel()
        self._call(
            "read_texts",
            *(queries, queries.stride(0), keys, values, keys.stride(0), asks, starts),
            *(None if table is None else table.data_ptr() + 4 * place, per_head, step, context),
            *(len(asks) - 1, heads, width // heads),
        )
        return context

    def quantised(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ``(rows, width)`` as whole numbers, int8 from -127 to 127, and the scale of each row ``(rows,)``."""
        whole, scales = torch.empty_like(x, dtype=torch.int8), torch.empty(len(x))
        self._call("quantise_rows", x, whole, scales, *x.shape)
        return whole, scales

    def restored(
        self, products: torch.Tensor, of_rows: torch.Tensor, of_columns: torch.Tensor
    ) -> torch.Tensor:
        """Return int32 ``(rows, width)`` times the scales of its rows and columns."""
        y = torch.empty_like(products, dtype=_LOW)
        self._call("restore_rows", products, of_rows, of_columns, y, *products.shape)
        return y

    def quantised_gelu(
        self, products: torch.Tensor, of_rows: torch.Tensor, of_columns: torch.Tensor, bias: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what ``quantised`` does of GELU of ``restored`` and a bias."""
        whole, scales = torch.empty_like(products, dtype=torch.int8), torch.empty(len(products))
        self._call("gelu_rows", products, of_rows, of_columns, bias, whole, scales, *products.shape)
        return whole, scales

    def squares(self, gradients: Sequence[torch.Tensor]) -> float:
        """Return the sum of squares of all numbers of float32 tensors."""
        found = ctypes.c_double()
        counts = np.array([g.numel() for g in gradients], dtype=np.int64)
        self._call("squares", _places(gradients), counts, len(gradients), ctypes.addressof(found))
        return found.value

    def adamw(
        self,
        tensors: Sequence[Sequence[torch.Tensor | None]],
        factors: Sequence[Sequence[float]],
        *,
        clip: float,
        betas: tuple[float, float],
        eps: float,
    ) -> None:
        """Take one step of AdamW.

        Args:
            tensors: parameters, their gradients, both means, and copies in bfloat16 or None; float32 but for these.
            factors: of each parameter: 1 - rate * decay, rate / (1 - beta1^step), sqrt(1 - beta2^step).
            clip: factor of all gradients.
            betas: of both means.
            eps: see AdamW.
        """
        counts = np.array([p.numel() for p in tensors[0] if p is not None], dtype=np.int64)
        self._call(
            "adamw",
            *(_places(each) for each in tensors),
            counts,
            *(np.array(each, dtype=np.float32) for each in factors),
            *(len(counts), clip, *betas, eps),
        )

    def _call(self, name: str, *arguments: Any) -> None:
        if self._functions[name](*map(_plain, arguments), torch.get_num_threads()):
            raise RuntimeError(f"{name}: out of memory")


def _plain(argument: Any) -> Any:
    """An argument as ctypes takes it: of tensors and arrays their place."""
    if isinstance(argument, torch.Tensor):
        return argument.data_ptr()
    return argument.ctypes.data if isinstance(argument, np.ndarray) else argument


def _given(drop: Drop) -> tuple[int, float, int]:
    return drop.limit, drop.scale, drop.key


def _places(tensors: Sequence[torch.Tensor | None]) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return np.array([0 if t is None else t.data_ptr() for t in tensors], dtype=np.uint64)
