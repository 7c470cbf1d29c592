"""Names and numbers as readers see them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sharewise.stats.metrics import METRICS

_METRICS = {
    "loss": "Loss",
    "vote_cross_entropy": "Cross-entropy against the votes",
    "vote_entropy": "Entropy of the votes",
    "vote_brier": "Brier score against the votes",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "mcc": "MCC",
    "qwk": "Quadratic kappa",
    "macro_f1": "F1 Score (Macro)",
    "micro_f1": "F1 Score (Micro)",
    "macro_precision": "Precision (Macro)",
    "micro_precision": "Precision (Micro)",
    "macro_recall": "Recall (Macro)",
    "micro_recall": "Recall (Micro)",
    "f1": "F1 (positive label)",
    "precision": "Precision (positive label)",
    "recall": "Recall (positive label)",
    "exact_match": "Exact Match",
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "ece": "ECE",
    "mae": "MAE",
    "mae_levels": "MAE in levels",
    "pearson": "Pearson",
    "spearman": "Spearman",
    "invalid_outputs": "Free answers that are no label",
    "written_accuracy": "Accuracy of free answers",
    "written_mcc": "MCC of free answers",
    "written_macro_f1": "F1 Score (Macro) of free answers",
}
_ERRORS = {"loss", "ece", "mae_levels", "invalid_outputs", "vote_cross_entropy", "vote_entropy", "vote_brier"}
MINUS = "−"
_MOST_DIGITS = 4


def metric_name(metric: str) -> str:
    """A metric's name in print; of one that isn't known, its key as a heading."""
    return _METRICS.get(metric, heading(metric))


def higher_is_better(metric: str) -> bool:
    """Whether higher values of the metric are better."""
    return METRICS[metric].higher_is_better if metric in METRICS else metric not in _ERRORS


def in_points(metric: str) -> bool:
    """Whether differences are told in points of .01; else they are in the metric's own unit."""
    return METRICS[metric].in_points if metric in METRICS else metric not in _ERRORS


def heading(name: str) -> str:
    """A user's name as a column heading: `no_hallucination` is `No Hallucination`."""
    return " ".join(word[:1].upper() + word[1:] for word in name.replace("_", " ").split(" "))


def decimal(value: float, digits: int = 4) -> str:
    """A number with a true minus sign; one that rounds to zero has none."""
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def mean_sd(mean: float, deviation: float, digits: int = 4) -> str:
    """A mean with its standard deviation, which one seed doesn't have."""
    if math.isnan(deviation):
        return decimal(mean, digits)
    return f"{decimal(mean, digits)} ± {decimal(deviation, digits)}"


def scale(metric: str) -> float:
    """What a difference of the metric is multiplied by to be told."""
    return 100.0 if in_points(metric) else 1.0


def difference(value: float, metric: str) -> str:
    """A signed difference in points (×100), or in the unit of a metric that has its own."""
    text = size(value, metric)
    return text if text.startswith(MINUS) or float(text) == 0 else f"+{text}"


def interval(bounds: Sequence[float], metric: str) -> str:
    """An interval of differences: `[−0.42, +1.30]`."""
    return f"[{difference(bounds[0], metric)}, {difference(bounds[1], metric)}]"


def size(value: float, metric: str) -> str:
    """A difference without a plus sign; one that isn't 0 never looks like 0 unless four decimals don't show it."""
    told = value * scale(metric)
    digits = 2 if in_points(metric) else 3
    while digits < _MOST_DIGITS and told and not round(told, digits):
        digits += 1
    return decimal(told, digits)


def p_value(p: float) -> str:
    """A p value with two figures or three decimals."""
    if p < 0.0001:
        return "< .0001"
    return f"{p:.4f}".lstrip("0") if p < 0.1 else f"{p:.3f}".lstrip("0")


def percent(share: float) -> str:
    """A share in per cent with one decimal."""
    return f"{100 * share:.1f} %"


def count(value: float) -> str:
    """A whole number with thousands separated."""
    return f"{round(value):,}"


def duration(seconds: float) -> str:
    """Seconds as people tell them: `58 min 06 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes:02d} min"


def energy(joules: float) -> str:
    """Joules as electricity is told: watt-hours, or kilowatt-hours."""
    hours = joules / 3600
    return f"{hours / 1000:,.2f} kWh" if hours >= 1000 else f"{hours:,.2f} Wh"


def millions(parameters: float) -> str:
    """A number of parameters."""
    if parameters >= 1e6:
        return f"{parameters / 1e6:,.1f} M"
    return f"{round(parameters):,}"


def billions(operations: float) -> str:
    """A number of operations."""
    if operations >= 1e8:
        return f"{operations / 1e9:,.1f} G"
    return f"{operations / 1e6:,.1f} M" if operations >= 1e5 else f"{round(operations):,}"


def listing(names: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"
