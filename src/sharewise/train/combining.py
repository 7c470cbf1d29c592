"""The gradient of one step: several tasks' losses, computed in parts, combined as the job's weighting says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, final

import torch
from accelerate import Accelerator
from torch import nn

from sharewise.errors import RunError
from sharewise.models.encoder import derived_seed
from sharewise.models.sharing import Penalised, Sharing
from sharewise.train.job import Job
from sharewise.train.learners import Learner
from sharewise.train.techniques import Adversary
from sharewise.weighting import GradientWeighting, LossWeighting, build_weighting

Losses = dict[str, torch.Tensor]
# Runs a module on a part of a step's rows; the tasks' shares of their losses over the whole step.
Part = Callable[[nn.Module], Losses]


@final
class Combiner:
    """Leaves the gradient of a step in the parameters' ``grad``.

    Args:
        job: its weighting, and its tasks.
        learner: the model, and how it learns.
        runner: the learner as several processes run it.
        accelerator: the processes.
        reseed: makes dropout draw the masks of an update from the start.
    """

    def __init__(
        self,
        job: Job,
        learner: Learner,
        runner: nn.Module,
        accelerator: Accelerator,
        reseed: Callable[[int], None],
    ) -> None:
        self.tasks = tuple(job.tasks)
        self.seed = job.seed
        self.learner = learner
        self.model = learner.model
        self.runner = runner
        self.accelerator = accelerator
        self.reseed = reseed
        self.weighting = build_weighting(job.weighting, self.tasks, job.weights, job.weighting_options)
        fgm = job.training.fgm
        self.adversary = None if fgm is None else Adversary(self.model, fgm)
        self.on_representation = getattr(job.weighting_options, "on", "") == "representation"
        if self.on_representation and accelerator.num_processes > 1:
            raise RunError(
                "weighting: `on: representation` combines the gradients of a step's rows, which several processes "
                "don't have in one place; train in one process, or set `on: parameters`"
            )

    def backward(self, step: int, parts: Sequence[Part]) -> torch.Tensor:
        """Add the gradient of the step's loss; return each task's loss, ``(tasks,)``, zero where absent."""
        if isinstance(self.weighting, LossWeighting):
            return self._weigh(self.weighting, step, parts)
        if not isinstance(self.weighting, GradientWeighting):
            raise TypeError(f"no weighting of losses or gradients: {type(self.weighting).__name__}")
        if self.on_representation:
            return self._aggregate_representation(self.weighting, step, parts)
        return self._aggregate_parameters(self.weighting, step, parts)

    def after_update(self, step: int, parts: Sequence[Part]) -> None:
        """Let the weighting learn from the step that was made."""
        self.weighting.after_update(lambda: self._losses(step, parts))

    def _weigh(self, weighting: LossWeighting, step: int, parts: Sequence[Part]) -> torch.Tensor:
        world = self.accelerator.num_processes
        coefficients: Mapping[str, Any] | None = None
        if weighting.method.constant:
            coefficients = weighting.weights
        elif len(parts) > 1 or world > 1:
            # What a loss weighs depends on the whole step's losses, which takes a pass of its own.
            losses = self._losses(step, parts)
            with self._drawing(step):
                coefficients = weighting.coefficients(step, losses)
            self.reseed(step)
        sums = self._zeros()
        for part in parts:
            with self._watching() as seen:
                losses = part(self.runner)
            if coefficients is None:
                with self._drawing(step):
                    coefficients = weighting.coefficients(step, losses)
            loss = _weighted(coefficients, losses)
            if isinstance(self.model, Penalised) and part is parts[0]:
                loss = loss + self.model.penalty() / world
            # Processes' gradients are averaged, the losses are shares of a global mean: hence the factor.
            self.accelerator.backward(loss * world)
            if self.adversary is not None:
                with self.adversary.perturbing([embeddings.grad for embeddings in seen]):
                    attacked = part(self.runner)
                self.accelerator.backward(_weighted(coefficients, attacked) * world)
            self._add(sums, losses)
        return self._reduced(sums)

    def _aggregate_parameters(
        self, weighting: GradientWeighting, step: int, parts: Sequence[Part]
    ) -> torch.Tensor:
        """Combine the tasks' gradients of what several of them reach; what one reaches keeps its own gradient."""
        trained = [p for p in self.model.parameters() if p.requires_grad]
        rows: dict[str, list[torch.Tensor | None]] = {}
        sums = self._zeros()
        for part in parts:
            with self._watching() as seen:
                losses = part(self.learner)
            for task, loss in losses.items():
                found = _gradients(weighting.weights[task] * loss, trained)
                rows[task] = [
                    _plus(a, b) for a, b in zip(rows.get(task, [None] * len(trained)), found, strict=True)
                ]
            if self.adversary is not None:
                slopes = _gradients(_weighted(weighting.weights, losses), seen)
                with self.adversary.perturbing(slopes):
                    attacked = part(self.learner)
                for task, loss in attacked.items():
                    found = _gradients(weighting.weights[task] * loss, trained)
                    rows[task] = [_plus(a, b) for a, b in zip(rows[task], found, strict=True)]
            self._add(sums, losses)
        self._reduce_rows(rows)
        reached = [[g for row in rows.values() if (g := row[i]) is not None] for i in range(len(trained))]
        shared = [i for i, gradients in enumerate(reached) if len(gradients) > 1]
        for parameter, gradients in zip(trained, reached, strict=True):
            if len(gradients) == 1:
                parameter.grad = gradients[0]
        if shared:
            blocks = [_block(rows, i, trained[i]) for i in shared]
            with self._drawing(step):
                combined = weighting.aggregate(list(rows), blocks)
            for i, piece in zip(shared, combined, strict=True):
                trained[i].grad = piece.view_as(trained[i])
        self._add_penalty()
        return self._reduced(sums)

    def _aggregate_representation(
        self, weighting: GradientWeighting, step: int, parts: Sequence[Part]
    ) -> torch.Tensor:
        """Combine the tasks' gradients of the token states; the encoder gets what follows from the combined one.

        What several tasks share above the encoder gets the sum of their gradients. Of several parts each is computed
        twice: once for the tasks' gradients, once more to go back through the encoder.
        """
        if not isinstance(self.model, Sharing):
            raise TypeError(f"{type(self.model).__name__}: no representation that all tasks read")
        encoder = self.model.encoder
        inside = {id(p) for p in encoder.parameters()}
        above = [p for p in self.model.parameters() if p.requires_grad and id(p) not in inside]
        rows: dict[str, list[torch.Tensor]] = {task: [] for task in self.tasks}
        sums = self._zeros()
        # Kept for the way back, where there is but one part: memory has run out for more.
        states: torch.Tensor | None = None
        present: list[str] = []
        for part in parts:
            with _cut_at(encoder) as cut:
                losses = part(self.learner)
            present = list(losses)
            for task, loss in losses.items():
                at, *others = _gradients(weighting.weights[task] * loss, [cut.leaf, *above])
                rows[task].append((torch.zeros_like(cut.leaf) if at is None else at).flatten())
                for parameter, gradient in zip(above, others, strict=True):
                    parameter.grad = _plus(parameter.grad, gradient)
            self._add(sums, losses)
            states = cut.states if len(parts) == 1 else None
        blocks = [torch.stack(of_part) for of_part in zip(*(rows[task] for task in present), strict=True)]
        with self._drawing(step):
            pieces = weighting.aggregate(present, blocks)
        if len(parts) > 1:
            self.reseed(step)
        for part, piece in zip(parts, pieces, strict=True):
            if states is None:
                with _cut_at(encoder) as cut:
                    part(self.learner)
                torch.autograd.backward(cut.states, piece.view_as(cut.states).to(cut.states.dtype))
            else:
                torch.autograd.backward(states, piece.view_as(states).to(states.dtype))
        self._add_penalty()
        return sums

    def _losses(self, step: int, parts: Sequence[Part]) -> Losses:
        """Return the whole step's losses, computed without gradients and with the update's own dropout."""
        self.reseed(step)
        total: Losses = {}
        with torch.no_grad():
            for part in parts:
                for task, loss in part(self.learner).items():
                    total[task] = total[task] + loss if task in total else loss
        if self.accelerator.num_processes > 1:
            total = {t: torch.as_tensor(self.accelerator.reduce(v)) for t, v in total.items()}
        return total

    def _watching(self) -> AbstractContextManager[list[torch.Tensor]]:
        """Collect what an adversary is to change, where there is one."""
        return nullcontext([]) if self.adversary is None else self.adversary.watching()

    def _add_penalty(self) -> None:
        if isinstance(self.model, Penalised):
            trained = [p for p in self.model.parameters() if p.requires_grad]
            for parameter, gradient in zip(trained, _gradients(self.model.penalty(), trained), strict=True):
                parameter.grad = _plus(parameter.grad, gradient)

    def _reduce_rows(self, rows: dict[str, list[torch.Tensor | None]]) -> None:
        if self.accelerator.num_processes > 1:
            for row in rows.values():
                row[:] = [None if g is None else torch.as_tensor(self.accelerator.reduce(g)) for g in row]

    def _reduced(self, sums: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(self.accelerator.reduce(sums)) if self.accelerator.num_processes > 1 else sums

    def _zeros(self) -> torch.Tensor:
        device = self.accelerator.device
        # Apple's devices have no float64.
        exact = torch.float32 if device.type == "mps" else torch.float64
        return torch.zeros(len(self.tasks), dtype=exact, device=device)

    def _add(self, sums: torch.Tensor, losses: Losses) -> None:
        for column, task in enumerate(self.tasks):
            if task in losses:
                sums[column] += losses[task].detach()

    @contextmanager
    def _drawing(self, step: int) -> Iterator[None]:
        """Let a method's random numbers follow from the seed and the update, alike in every process."""
        device = self.accelerator.device
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(derived_seed(self.seed, f"weighting {step}"))
            yield


class _Cut:
    """An encoder's output, and a leaf in its place."""

    states: torch.Tensor
    leaf: torch.Tensor


@contextmanager
def _cut_at(encoder: nn.Module) -> Iterator[_Cut]:
    """Let whatever reads the encoder's output read a leaf of the same values."""
    cut = _Cut()

    def hook(module: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        cut.states = output
        cut.leaf = output.detach().requires_grad_()
        return cut.leaf

    handle = encoder.register_forward_hook(hook)
    try:
        yield cut
    finally:
        handle.remove()


def _weighted(coefficients: Mapping[str, Any], losses: Losses) -> torch.Tensor:
    return torch.stack([coefficients[t] * v for t, v in losses.items()]).sum()


def _gradients(loss: torch.Tensor, parameters: Sequence[torch.Tensor]) -> list[torch.Tensor | None]:
    return list(torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True))


def _plus(one: torch.Tensor | None, other: torch.Tensor | None) -> torch.Tensor | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _block(
    rows: Mapping[str, list[torch.Tensor | None]], number: int, parameter: torch.Tensor
) -> torch.Tensor:
    """Take one parameter's gradients out of every task's, ``(tasks, size)``; zeros where a task doesn't reach it."""
    found = [row[number] for row in rows.values()]
    for row in rows.values():
        row[number] = None
    return torch.stack([(torch.zeros_like(parameter) if g is None else g).flatten() for g in found])
