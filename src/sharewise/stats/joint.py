"""Metrics over several binary tasks at once, on rows that carry a target for each."""

from sharewise.stats.arrays import Ints
from sharewise.stats.classification import accuracy, macro_f1, micro_f1
from sharewise.stats.counts import count


def joint_binary_metrics(targets: Ints, predictions: Ints) -> dict[str, float]:
    """Exact match, micro-F1 and macro-F1 of the positive classes of 0/1 targets `(rows, tasks)`, no holes.

    A prediction that names no class is wrong in the exact match, and not positive in the F1s.
    """
    counts = count(targets, predictions)
    return {
        "exact_match": float(accuracy(counts)),
        "micro_f1": float(micro_f1(counts)),
        "macro_f1": float(macro_f1(counts)),
    }
