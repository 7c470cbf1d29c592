"""What the loop trains: heads on an encoder, or an encoder-decoder that writes labels."""

import torch

from sharewise.train.job import Job
from sharewise.train.learners.heads import HeadsLearner
from sharewise.train.learners.learner import Learner
from sharewise.train.learners.text import TextLearner

LEARNERS: dict[str, type[HeadsLearner] | type[TextLearner]] = {
    "heads": HeadsLearner,
    "text2text": TextLearner,
}


def build_learner(job: Job, *, precision: str, device: torch.device) -> Learner:
    """Make what a job trains, on the CPU."""
    return LEARNERS[job.backend.name](job, precision=precision, device=device)


__all__ = ["LEARNERS", "HeadsLearner", "Learner", "build_learner"]
