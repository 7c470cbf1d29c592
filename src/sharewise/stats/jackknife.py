"""How much each row, or group of rows, weighs in a model's score: the delete-one-group jackknife."""

from dataclasses import dataclass

import numpy as np

from sharewise.stats.arrays import Array, Floats
from sharewise.stats.groups import Groups
from sharewise.stats.metrics import Metric

BLOCKS = 100


@dataclass(frozen=True)
class Influence:
    """Scores of one arm on one task and each group's influence on them, turned so that higher is better."""

    scores: Floats
    """The metric of each seed's model, `(seeds,)`."""
    mean_influence: Floats
    """Mean over seeds of each group's influence ψ, `(groups,)`; the squares add up to a variance."""
    interaction: float
    """Variance of the mean score from what seeds and groups do together: Σ (ψ − mean ψ)² / (S(S − 1))."""

    @property
    def seeds(self) -> int:
        """How many models."""
        return len(self.scores)

    @property
    def mean_score(self) -> float:
        """Mean over seeds; NaN without any."""
        return float(np.mean(self.scores)) if self.seeds else float("nan")

    @property
    def seed_variance(self) -> float:
        """Variance of the mean score from seeds, which holds the interaction too; NaN for one seed."""
        return float(np.var(self.scores, ddof=1)) / self.seeds if self.seeds > 1 else float("nan")


def influence(
    metric: Metric, targets: Array, outputs: Array, groups: Groups, classes: int | None = None
) -> Influence:
    """The influence of each group on the scores of one arm; NaN for models whose outputs are not all finite.

    ψ_g = −(M₍g₎ − mean M₍·₎)·√((G − 1)/G), with M₍g₎ the metric without group g (Efron and Stein 1981). Where
    the metric can't be evaluated for each group, 100 random blocks of whole groups take the groups' place.

    Args:
        metric: the metric.
        targets: as `Metric.point` takes them, `(rows, …)`.
        outputs: of each seed's model, `(seeds, rows, …)`.
        groups: rows that belong together.
        classes: number of declared classes.
    """
    left_out = groups.blocks(BLOCKS) if metric.wants_blocks else groups
    sign = 1.0 if metric.higher_is_better else -1.0
    seeds = len(outputs)
    scores = np.full(seeds, np.nan)
    psi = np.full((seeds, left_out.number), np.nan)
    for seed, output in enumerate(outputs):
        if np.all(np.isfinite(output)):
            scores[seed] = sign * metric.point(targets, output, classes)
            without = sign * metric.left_out(targets, output, left_out, classes)
            psi[seed] = np.mean(without) - without
    psi *= np.sqrt((left_out.number - 1) / left_out.number)
    mean = psi.mean(axis=0) if seeds else np.full(left_out.number, np.nan)
    interaction = float(np.sum((psi - mean) ** 2) / (seeds * (seeds - 1))) if seeds > 1 else float("nan")
    return Influence(scores, mean, interaction)
