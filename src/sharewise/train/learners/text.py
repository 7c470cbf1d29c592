"""An encoder-decoder that learns to write labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, final

import torch

from sharewise.data.tokens import TokenBatch
from sharewise.errors import UserError
from sharewise.models.encoder import position_limit
from sharewise.models.kernels import install_parts
from sharewise.train.cells import Cells
from sharewise.train.computing import resolve_kernels
from sharewise.train.job import Job
from sharewise.train.learners.learner import Learner
from sharewise.train.precision import autocast

if TYPE_CHECKING:
    from sharewise.models.text2text.model import Text2Text


@final
class TextLearner(Learner):
    """All tasks in one text-to-text model. Its vocabulary is whole: a softmax over tokens needs every one of them.

    Args:
        job: what to train; with the tasks in words.
        precision: of the forward pass.
        device: where it is trained.
    """

    model: Text2Text

    def __init__(self, job: Job, *, precision: str, device: torch.device) -> None:
        from sharewise.models.text2text.build import build_text2text

        super().__init__()
        self.precision = precision
        self.device = device
        self.tokenizer = job.tokenizer
        self.generates = job.backend.generate
        words = {name: job.words[name] for name in job.tasks}
        self.prefix = max(len(w.prefix) for w in words.values())
        self.model = build_text2text(job.encoder, job.backend, job.tokenizer, words, seed=job.seed)
        computing = resolve_kernels(job.training.kernels, device)
        if computing != "torch":
            install_parts(self.model.backbone, native=computing == "compiled")
        self.model.quick = computing == "compiled"

    def forward(self, tokens: TokenBatch, cells: Mapping[str, Cells]) -> dict[str, torch.Tensor]:
        """See Learner."""
        held = {name: cell for name, cell in cells.items() if len(cell.index)}
        losses = {name: self._zero() for name in cells if name not in held}
        if held:
            index = {name: cell.index for name, cell in held.items()}
            answers = {
                name: self.model.words[name].verbaliser.choose(cell.targets) for name, cell in held.items()
            }
            with autocast(self.precision, self.device):
                found = self.model.losses(tokens, index, answers)
            losses |= {name: cell.share_of_mean(found[name]) for name, cell in held.items()}
        return {name: losses[name] for name in cells}

    def answer(self, tokens: TokenBatch, asked: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """See Learner."""
        with autocast(self.precision, self.device):
            outputs: Mapping[str, torch.Tensor] = self.model(tokens, asked)
        return outputs

    def write(self, tokens: TokenBatch, asked: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """See Learner."""
        if not self.generates:
            return {}
        with autocast(self.precision, self.device):
            return {
                name: self.model.written(name, tokens, index, self.tokenizer) for name, index in asked.items()
            }

    def make_whole(self) -> None:
        """See Learner; it always is."""

    def make_trainable(self) -> None:
        """See Learner; it always is."""

    def check_length(self, max_length: int) -> None:
        """See Learner."""
        longest = position_limit(self.model.backbone)
        if longest is not None and max_length + self.prefix > longest:
            raise UserError(
                f"training.max_length: {max_length} tokens and a prefix of {self.prefix}, but this model has "
                f"{longest} positions",
                action=f"set `max_length: {longest - self.prefix}` or less, or take another encoder",
            )

    def _zero(self) -> torch.Tensor:
        return next(self.model.parameters()).sum() * 0.0
