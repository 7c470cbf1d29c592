"""The interface of a sharing method: how tasks share one encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch

from sharewise.models.encoder import Encoder, is_added
from sharewise.models.model import Model, SavedParts
from sharewise.options import Options


class SharingOptions(Options):
    """Keys of a sharing method, which stand beside `sharing` in an arm of the study file.

    Methods that have a key of the same name declare it alike, best in one common base class.
    """


class Sharing(Model):
    """An encoder, and heads that read it.

    A method owns its encoder and heads, and is made as ``Method(encoder, tasks, seed=seed, options=options)``. Heads
    of the same task start from the same random numbers in every method and arm, so that arms of one seed are paired;
    whatever else is random depends on the seed and on what it is for, never on the order of the tasks.

    Attributes:
        name: what the study file calls it.
        options: the method's keys in the study file.
        packages: packages beyond Sharewise's own that it needs, and the extra that installs them.
        one_pass: whether all tasks read the token states of one pass through ``encoder``.
        encoder: what the tasks share; a saved model keeps it apart from the rest.
    """

    name: ClassVar[str]
    options: ClassVar[type[SharingOptions]] = SharingOptions
    packages: ClassVar[Mapping[str, str]] = {}
    one_pass: ClassVar[bool] = True
    encoder: Encoder

    def parts(self) -> SavedParts:
        """See Model."""
        own = {name: value for name, value in self.state_dict().items() if is_own(name)}
        return SavedParts(backbone=self.encoder.backbone, weights=self.encoder.own_weights(), own=own)


def is_own(name: str) -> bool:
    """Whether a weight is the sharing method's and not the encoder's."""
    return not name.startswith("encoder.") or is_added(name)


class Penalised(ABC):
    """A sharing method whose loss has a term of its own parameters."""

    @abstractmethod
    def penalty(self) -> torch.Tensor:
        """Return the term that is added to the tasks' losses, a scalar."""
