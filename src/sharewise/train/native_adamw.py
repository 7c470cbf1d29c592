"""AdamW in one pass over memory, the copies of weights that products read included."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, final

import torch
from torch import nn
from torch.autograd.graph import increment_version

from sharewise.models.kernels.native import Kernels
from sharewise.models.kernels.products import Copies, FastLinear

# As torch's clip_grad_norm_ has it.
_NO_ZERO = 1e-6


@final
class NativeAdamW(torch.optim.AdamW):
    """PyTorch's AdamW on the CPU, its state included, by a kernel in C.

    Args:
        groups: of float32 parameters; each dense.
        lr: see AdamW.
        native: the kernels.
        modules: whose copies in bfloat16 follow the weights.
    """

    def __init__(
        self, groups: list[dict[str, Any]], *, lr: float, native: Kernels, modules: Iterable[nn.Module]
    ) -> None:
        super().__init__(groups, lr=lr, fused=True)
        self.native = native
        self.copies: dict[int, tuple[Copies, int]] = {}
        for module in modules:
            if isinstance(module, FastLinear):
                own = (module.weight, module.bias)
                for parameter, number in zip(own, module.numbers, strict=True):
                    if number is not None:
                        self.copies[id(parameter)] = module.copies, number

    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """See AdamW; there is no closure."""
        self.clipped_step(float("inf"))

    @torch.no_grad()
    def clipped_step(self, longest: float) -> None:
        """Make a step with gradients cut to this length, which themselves stay as they are."""
        trained = [(group, p) for group in self.param_groups for p in group["params"] if p.grad is not None]
        if not trained:
            return
        gradients = [p.grad.contiguous() for _, p in trained]
        # A length that is no number makes all weights none, as PyTorch's clipping does.
        shorter = longest / (self.native.squares(gradients) ** 0.5 + _NO_ZERO)
        clip = 1.0 if shorter > 1.0 else shorter
        states = [self._state_of(p) for _, p in trained]
        steps = [state["step"] for state in states]
        torch._foreach_add_(steps, 1.0)
        factors = [_factors(group, float(step)) for (group, _), step in zip(trained, steps, strict=True)]
        parameters = [p for _, p in trained]
        group = trained[0][0]
        self.native.adamw(
            (
                parameters,
                gradients,
                [state["exp_avg"] for state in states],
                [state["exp_avg_sq"] for state in states],
                [self._copy(p) for p in parameters],
            ),
            list(zip(*factors, strict=True)),
            clip=clip,
            betas=group["betas"],
            eps=group["eps"],
        )
        increment_version(parameters)
        for parameter in parameters:
            if (place := self.copies.get(id(parameter))) is not None:
                copies, number = place
                copies.versions[number] = parameter._version

    def _state_of(self, parameter: torch.Tensor) -> dict[str, torch.Tensor]:
        state: dict[str, torch.Tensor] = self.state[parameter]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        return state

    def _copy(self, parameter: torch.Tensor) -> torch.Tensor | None:
        place = self.copies.get(id(parameter))
        return None if place is None else place[0].copies[place[1]]


def _factors(group: dict[str, Any], step: float) -> tuple[float, float, float]:
    rate, (beta1, beta2) = float(group["lr"]), group["betas"]
    return 1.0 - rate * group["weight_decay"], rate / (1.0 - beta1**step), (1.0 - beta2**step) ** 0.5
