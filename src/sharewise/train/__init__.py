"""Training: the loop, selection and stopping, checkpoints, precision."""

from sharewise.train.job import Job, Observer, Outcome, Silence, TaskScores
from sharewise.train.loop import Trainer
from sharewise.train.options import Temperature, TrainingOptions

__all__ = ["Job", "Observer", "Outcome", "Silence", "TaskScores", "Temperature", "Trainer", "TrainingOptions"]
