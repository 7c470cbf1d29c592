"""How near probabilities come to a distribution over labels, such as the shares of raters' votes."""

from __future__ import annotations

import numpy as np

from sharewise.stats.arrays import Floats

# Probabilities are stored as float32: a zero among them is at most this.
_SMALLEST = 1e-7


def distribution_metrics(shares: Floats, probabilities: Floats) -> dict[str, float]:
    """Return cross-entropy (nats) and Brier score against a distribution a row; lower is better; NaN without rows.

    The Brier score sums the squared errors of a row over its labels, so that of two labels it is twice `brier`'s.
    Neither can reach zero where raters disagree: the entropy of the shares is the least cross-entropy, and
    ``vote_entropy`` names it.

    Args:
        shares: `(rows, labels)`, each row of sum 1.
        probabilities: `(rows, labels)`.
    """
    if not len(shares):
        return dict.fromkeys(("vote_cross_entropy", "vote_entropy", "vote_brier"), float("nan"))
    logs = np.log(np.maximum(probabilities.astype(np.float64), _SMALLEST))
    own = np.log(np.where(shares > 0, shares, 1.0))
    return {
        "vote_cross_entropy": float(-(shares * logs).sum(axis=1).mean()),
        "vote_entropy": float(-(shares * own).sum(axis=1).mean()),
        "vote_brier": float(((probabilities - shares) ** 2).sum(axis=1).mean()),
    }
