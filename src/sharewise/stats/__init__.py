"""Metrics, intervals and power: pure functions of arrays."""

from sharewise.stats.arrays import INVALID
from sharewise.stats.calibration import brier, expected_calibration_error
from sharewise.stats.classification import (
    class_f1,
    classification_metrics,
    ordinal_metrics,
    several_label_metrics,
)
from sharewise.stats.counts import Counts, count
from sharewise.stats.joint import joint_binary_metrics
from sharewise.stats.mcnemar import McNemar, mcnemar
from sharewise.stats.metrics import METRICS, Metric
from sharewise.stats.ranking import auroc, average_precision, binary_score_metrics
from sharewise.stats.regression import mae, pearson, regression_metrics, spearman

__all__ = [
    "INVALID",
    "METRICS",
    "Counts",
    "McNemar",
    "Metric",
    "auroc",
    "average_precision",
    "binary_score_metrics",
    "brier",
    "class_f1",
    "classification_metrics",
    "count",
    "expected_calibration_error",
    "joint_binary_metrics",
    "mae",
    "mcnemar",
    "ordinal_metrics",
    "pearson",
    "regression_metrics",
    "several_label_metrics",
    "spearman",
]
