"""Adversarial training on word embeddings by the fast gradient method (Miyato, Dai and Goodfellow, ICLR 2017)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, final

import torch
from pydantic import Field
from torch import nn

from sharewise.models.encoder import Encoder
from sharewise.models.kernels.packing import forbidden
from sharewise.options import Options

_SMALLEST = 1e-30


class FgmOptions(Options):
    """Keys of `training.fgm`."""

    epsilon: float = Field(
        default=1.0,
        gt=0.0,
        allow_inf_nan=False,
        description="length of the change to a text's word embeddings, over all its tokens together",
    )


@final
class Adversary:
    """Makes a text's word embeddings worse by a step along the loss's gradient.

    With s a text's word embeddings, ``(length, width)``, and L its loss, the sum over tasks of weight times loss
    (Miyato et al., 2017, eq. 5 and 6):

        g     = grad_s L(s)
        r     = epsilon g / ||g||_2                 over all of a text's tokens and features
        step  = grad_theta [L(s) + L(s + r)]        r held fixed

    Each text has its own r, which doesn't depend on the other texts: so cutting a step into parts, or sharing it among
    processes, changes nothing but rounding. Where tasks take passes of their own through an encoder, each pass has its
    own r. Embeddings are not normalised, which would change a pretrained encoder.

    Args:
        model: with one encoder or several.
        options: the length of the step.
    """

    def __init__(self, model: nn.Module, options: FgmOptions) -> None:
        self.epsilon = options.epsilon
        self.tables = [module.table for module in model.modules() if isinstance(module, Encoder)]

    @contextmanager
    def watching(self) -> Iterator[list[torch.Tensor]]:
        """Collect the word embeddings of each pass, ``(batch, length, width)``, as tensors that keep a gradient."""
        seen: list[torch.Tensor] = []

        def watch(embeddings: torch.Tensor) -> torch.Tensor:
            # Of a frozen table they would have none.
            watched = embeddings if embeddings.requires_grad else embeddings.detach().requires_grad_()
            watched.retain_grad()
            seen.append(watched)
            return watched

        with self._changing(watch):
            yield seen
        if not seen:
            raise RuntimeError("no word embeddings were looked up in the encoder's own table")

    @contextmanager
    def perturbing(self, gradients: Sequence[torch.Tensor | None]) -> Iterator[None]:
        """Let the same passes read embeddings that are worse by r.

        Args:
            gradients: of the loss, for the embeddings that ``watching`` collected, in their order; None where the
                loss doesn't depend on them.
        """
        left = iter(gradients)

        def perturb(embeddings: torch.Tensor) -> torch.Tensor:
            gradient = next(left)
            return embeddings if gradient is None else embeddings + self._step(gradient).to(embeddings.dtype)

        with self._changing(perturb):
            yield

    def _step(self, gradient: torch.Tensor) -> torch.Tensor:
        """The change to each text, ``(batch, length, width)``; zero where the gradient is."""
        gradient = gradient.detach().float()
        # Divided by the largest entry first, squares of small gradients don't vanish.
        gradient = gradient / gradient.abs().amax(dim=(1, 2), keepdim=True).clamp(min=_SMALLEST)
        length = gradient.square().sum(dim=(1, 2), keepdim=True).sqrt()
        return self.epsilon * gradient / length.clamp(min=_SMALLEST)

    @contextmanager
    def _changing(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[None]:
        """Let ``change`` see the word embeddings of each pass, and what is read of them be what it returns."""

        def hook(module: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
            return change(output)

        handles = [table.register_forward_hook(hook) for table in self.tables]
        try:
            # Packed into one row, texts would share one r.
            with forbidden():
                yield
        finally:
            for handle in handles:
                handle.remove()
