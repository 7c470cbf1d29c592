"""What an update for one task would do to the losses of the others, measured while all are trained together."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np
import torch

from sharewise.tasks import Array
from sharewise.train.learners import HeadsLearner

if TYPE_CHECKING:
    from sharewise.train.loop import Trainer

Gradients = dict[str, list[torch.Tensor]]


@dataclass(frozen=True)
class Looked:
    """What was measured at one update.

    Attributes:
        step: updates made before it.
        losses: each task's loss on the update's batch, ``(tasks,)``; NaN where the batch holds no cell of it.
        after: loss of task j (column) after a step for task i (row) on the shared parameters, ``(tasks, tasks)``.
        cosine: of the two tasks' gradients of the shared parameters, ``(tasks, tasks)``.
    """

    step: int
    losses: Array
    after: Array
    cosine: Array


@final
class Lookahead:
    """Looks ahead before every n-th update of a training run, and leaves the run as it would have been without.

    With the shared parameters theta, those that the losses of several tasks reach, and on the batch X of the update:

        theta_i   = theta - lr w_i D grad_theta L_i(X)          (Fifty et al., 2021, eq. 1)
        Z_(i->j)  = 1 - L_j(X, theta_i) / L_j(X, theta)         (eq. 2)
        C_(i,j)   = cos(grad_theta L_i(X), grad_theta L_j(X))   (Yu et al., 2020, §2)

    D is the identity in the paper, which trains with SGD; here it is what AdamW makes of a gradient in the update that
    it comes in, (1 - beta_1) / (sqrt(v) + eps), both corrected for the first updates: so the step is the share that
    task i has in the update. lr is the update's own rate, w_i the task's weight. Dropout is off, and everything is
    computed in float32.

    Each measured update takes a backward and a forward pass a task on top of its own.

    Args:
        file: keeps what was measured, a line an update, from which a run that was stopped goes on.
        every: updates from one look to the next.
    """

    def __init__(self, file: Path, *, every: int) -> None:
        self.file = file
        self.every = every
        self.looked = {found.step: found for found in _read(file)}

    def __call__(self, trainer: Trainer, step: int, rows: Array) -> None:
        """Look ahead from the update that is about to be made on these rows."""
        # The very first update has nothing yet to scale its gradients by.
        if step == 0 or step % self.every or step in self.looked:
            return
        learner = trainer.learner
        if not isinstance(learner, HeadsLearner):
            raise TypeError(f"{type(learner).__name__}: only models with heads are looked ahead with")
        totals = trainer.targets.counts(rows)
        tokens = trainer.job.stores["train"].batch(rows).to(trainer.device)
        cells = trainer.targets.cells(rows, totals, trainer.device)
        with _measuring(learner):
            losses = learner(tokens, cells)
            gradients, shared = _shared_gradients(losses, learner)
            rate = trainer.learning_rate(step)
            steps = [rate * scale for scale in _scales(trainer.optimizer, shared)]
            after = {}
            for task, own in gradients.items():
                weight = trainer.job.weights[task]
                with _moved(shared, [-weight * s * g for s, g in zip(steps, own, strict=True)]):
                    after[task] = {t: v.item() for t, v in learner(tokens, cells).items()}
        tasks = list(trainer.job.tasks)
        found = Looked(
            step=step,
            losses=np.array([losses[t].item() if t in losses else np.nan for t in tasks]),
            after=_matrix(tasks, after),
            cosine=_matrix(tasks, _cosines(gradients)),
        )
        self.looked[step] = found
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({key: np.asarray(v).tolist() for key, v in vars(found).items()}) + "\n")


def lookahead_affinity(looked: Sequence[Looked]) -> Array:
    """Return the mean affinity of task i (row) onto task j (column), ``(tasks, tasks)``; NaN where they never met.

    The paper averages Z over the updates; here the losses are summed first, 1 - sum L_j(theta_i) / sum L_j(theta), so
    that a batch of which next to nothing is left to learn doesn't outweigh the others.
    """
    after = np.stack([found.after for found in looked])
    before = np.where(np.isnan(after), np.nan, np.stack([found.losses for found in looked])[:, None, :])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(1.0 - np.nansum(after, axis=0) / np.nansum(before, axis=0))


def mean_cosine(looked: Sequence[Looked]) -> Array:
    """Return the mean cosine of every two tasks' gradients, ``(tasks, tasks)``; NaN where they never met."""
    cosine = np.stack([found.cosine for found in looked])
    met = (~np.isnan(cosine)).sum(axis=0)
    return np.asarray(np.where(met > 0, np.nansum(cosine, axis=0) / np.maximum(1, met), np.nan))


@contextmanager
def _measuring(learner: HeadsLearner) -> Iterator[None]:
    """Let a learner compute without dropout and in float32."""
    precision = learner.precision
    learner.eval()
    learner.precision = "fp32"
    try:
        yield
    finally:
        learner.precision = precision


def _shared_gradients(
    losses: Mapping[str, torch.Tensor], learner: HeadsLearner
) -> tuple[Gradients, list[torch.Tensor]]:
    """Return each task's gradient of the parameters that several tasks reach, and these parameters."""
    trained = [p for p in learner.model.parameters() if p.requires_grad]
    found = {
        task: torch.autograd.grad(loss, trained, retain_graph=True, allow_unused=True)
        for task, loss in losses.items()
    }
    shared = [i for i in range(len(trained)) if sum(g[i] is not None for g in found.values()) > 1]
    gradients = {
        task: [torch.zeros_like(trained[i]) if own[i] is None else own[i] for i in shared]
        for task, own in found.items()
    }
    return gradients, [trained[i] for i in shared]


def _scales(optimizer: torch.optim.Optimizer, parameters: Sequence[torch.Tensor]) -> Iterator[torch.Tensor]:
    """Return what AdamW makes of each parameter's gradient in the update that it comes in."""
    group = optimizer.param_groups[0]
    for parameter in parameters:
        state = optimizer.state.get(parameter)
        if not state:
            # No update has reached it yet.
            yield torch.zeros_like(parameter)
            continue
        (first, second), made = group["betas"], float(state["step"])
        size = (state["exp_avg_sq"] / (1.0 - second**made)).sqrt() + group["eps"]
        yield (1.0 - first) / (1.0 - first ** (made + 1)) / size


@contextmanager
def _moved(parameters: Sequence[torch.Tensor], changes: Sequence[torch.Tensor]) -> Iterator[None]:
    """Move parameters while the block runs, and put back the very same numbers."""
    kept = [p.detach().clone() for p in parameters]
    with torch.no_grad():
        try:
            for parameter, change in zip(parameters, changes, strict=True):
                parameter.add_(change)
            yield
        finally:
            for parameter, before in zip(parameters, kept, strict=True):
                parameter.copy_(before)


def _cosines(gradients: Gradients) -> dict[str, dict[str, float]]:
    norms = {task: _product(own, own) ** 0.5 for task, own in gradients.items()}
    found: dict[str, dict[str, float]] = {task: {task: 1.0} for task in gradients}
    for one, other in itertools.combinations(gradients, 2):
        size = norms[one] * norms[other]
        value = _product(gradients[one], gradients[other]) / size if size else float("nan")
        found[one][other] = found[other][one] = value
    return found


def _product(one: Sequence[torch.Tensor], other: Sequence[torch.Tensor]) -> float:
    return float(sum((a * b).sum(dtype=torch.float64) for a, b in zip(one, other, strict=True)))


def _matrix(tasks: Sequence[str], values: Mapping[str, Mapping[str, float]]) -> Array:
    return np.array([[values.get(i, {}).get(j, np.nan) for j in tasks] for i in tasks])


def _read(file: Path) -> Iterator[Looked]:
    """Read what was measured before; the last line may be cut off."""
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            values: dict[str, Any] = json.loads(line)
            yield Looked(
                step=int(values["step"]),
                losses=np.array(values["losses"], dtype=np.float64),
                after=np.array(values["after"], dtype=np.float64),
                cosine=np.array(values["cosine"], dtype=np.float64),
            )
        except (ValueError, KeyError, TypeError):
            continue
