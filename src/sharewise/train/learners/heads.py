"""Heads on an encoder, trained on the embeddings that the texts use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import final

import numpy as np
import torch

from sharewise.data.tokens import TokenBatch
from sharewise.models.compaction import compact
from sharewise.models.encoder import Encoder, build_encoder, check_length
from sharewise.models.sharing import SHARINGS, Sharing
from sharewise.train.cells import Cells, task_losses
from sharewise.train.computing import resolve_kernels
from sharewise.train.job import Job
from sharewise.train.learners.learner import Learner
from sharewise.train.precision import autocast
from sharewise.train.techniques import r_drop_losses


@final
class HeadsLearner(Learner):
    """A sharing method on an encoder whose vocabulary is compacted until it is made whole.

    Args:
        job: what to train.
        precision: of the forward pass.
        device: where it is trained.
    """

    model: Sharing

    def __init__(self, job: Job, *, precision: str, device: torch.device) -> None:
        super().__init__()
        self.precision = precision
        self.device = device
        self.tasks = job.tasks
        self.r_drop = job.training.r_drop
        encoder = build_encoder(job.encoder, job.tokenizer, seed=job.seed)
        seen = [job.stores[s] for s in ("train", "validation")]
        used = [s.vocabulary_used() for s in seen] + [np.array([s.pad_id for s in seen])]
        self.compaction = compact(encoder, np.unique(np.concatenate(used)))
        self.remap: torch.Tensor | None = torch.from_numpy(self.compaction.remap).to(device)
        self.model = SHARINGS[job.sharing](encoder, job.tasks, seed=job.seed, options=job.sharing_options)
        computing = resolve_kernels(job.training.kernels, device)
        if computing != "torch":
            for module in self.model.modules():
                if isinstance(module, Encoder):
                    module.quicken(native=computing == "compiled")

    def forward(self, tokens: TokenBatch, cells: Mapping[str, Cells]) -> dict[str, torch.Tensor]:
        """See Learner."""
        outputs = self._outputs(tokens)
        if self.r_drop is None:
            return task_losses(outputs, cells, self.tasks)
        return r_drop_losses(outputs, self._outputs(tokens), cells, self.tasks, self.r_drop)

    def answer(self, tokens: TokenBatch, asked: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """See Learner; the heads answer every task of every text."""
        return self._outputs(tokens)

    def write(self, tokens: TokenBatch, asked: Mapping[str, torch.Tensor]) -> Mapping[str, torch.Tensor]:
        """See Learner; heads write nothing."""
        return {}

    def make_whole(self) -> None:
        """Put the whole vocabulary back."""
        self.compaction.restore(self.model)
        self.remap = None

    def make_trainable(self) -> None:
        """Take the whole vocabulary out again, where it was put back."""
        if self.remap is None:
            self.compaction.repeat(self.model)
            self.remap = torch.from_numpy(self.compaction.remap).to(self.device)

    def check_length(self, max_length: int) -> None:
        """See Learner."""
        check_length(self.model.encoder, max_length)

    def _outputs(self, tokens: TokenBatch) -> Mapping[str, torch.Tensor]:
        if self.remap is not None:
            tokens = replace(tokens, input_ids=self.remap[tokens.input_ids])
        with autocast(self.precision, self.device):
            outputs: Mapping[str, torch.Tensor] = self.model(tokens)
        return outputs
