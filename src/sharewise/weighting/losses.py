"""Weightings of losses: TorchJD's scalarizers, which turn the tasks' losses into one."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field

from sharewise.weighting.method import Method, WeightingOptions


class LearnedOptions(WeightingOptions):
    """The key of methods that train weights of their own."""

    rate: float | None = Field(
        default=None,
        gt=0.0,
        lt=1.0,
        description="learning rate of the weights' own Adam; 0.001 (uncertainty, imtl_l) or 0.025 (famo) if left out",
    )


class DwaOptions(WeightingOptions):
    """Keys of `dwa`."""

    temperature: float = Field(
        default=2.0, gt=0.0, allow_inf_nan=False, description="the larger, the more alike the weights"
    )


class StchOptions(WeightingOptions):
    """Keys of `stch`."""

    smoothing: float = Field(
        default=0.1,
        gt=0.0,
        allow_inf_nan=False,
        description="mu of the paper; the smaller, the nearer to the maximum",
    )


class PbiOptions(WeightingOptions):
    """Keys of `pbi`."""

    theta: float = Field(
        default=5.0, ge=0.0, allow_inf_nan=False, description="penalty on losses that differ from each other"
    )


class CosmosOptions(WeightingOptions):
    """Keys of `cosmos`."""

    similarity: float = Field(
        default=1.0,
        ge=0.0,
        allow_inf_nan=False,
        description="lambda of the paper: reward for losses that are alike",
    )


def _sum(tasks: int, options: WeightingOptions) -> Any:
    from torchjd.scalarization import Sum

    return Sum()


def _uncertainty(tasks: int, options: WeightingOptions) -> Any:
    from torchjd.scalarization import UW

    return UW(tasks)


def _dwa(tasks: int, options: DwaOptions) -> Any:
    from torchjd.scalarization import DWA

    return DWA(options.temperature)


def _imtl_l(tasks: int, options: WeightingOptions) -> Any:
    from torchjd.scalarization import IMTLL

    return IMTLL(tasks)


def _geometric_mean(tasks: int, options: WeightingOptions) -> Any:
    from torchjd.scalarization import GeometricMean

    return GeometricMean()


def _famo(tasks: int, options: LearnedOptions) -> Any:
    from torchjd.scalarization import FAMO

    return FAMO(tasks, lr=options.rate or 0.025)


def _random(tasks: int, options: WeightingOptions) -> Any:
    from torchjd.scalarization import Random

    return Random()


def _stch(tasks: int, options: StchOptions) -> Any:
    from torchjd.scalarization import STCH

    return STCH(options.smoothing)


def _pbi(tasks: int, options: PbiOptions) -> Any:
    from torchjd.scalarization import PBI

    return PBI(options.theta, torch.ones(tasks))


def _cosmos(tasks: int, options: CosmosOptions) -> Any:
    from torchjd.scalarization import COSMOS

    return COSMOS(options.similarity, torch.full((tasks,), 1.0 / tasks))


LOSSES = (
    Method(name="static", source="each task's `weight`; equal where none is set", make=_sum, constant=True),
    Method(
        name="equal",
        source="the plain sum, whatever the tasks' weights",
        make=_sum,
        weights=False,
        constant=True,
    ),
    Method(
        name="uncertainty",
        source="Kendall, Gal & Cipolla, 2018",
        make=_uncertainty,
        options=LearnedOptions,
        every_task=True,
    ),
    Method(name="dwa", source="Liu, Johns & Davison, 2019", make=_dwa, options=DwaOptions, every_task=True),
    Method(
        name="imtl_l",
        source="Liu et al., 2021 (loss balance)",
        make=_imtl_l,
        options=LearnedOptions,
        every_task=True,
    ),
    Method(name="geometric_mean", source="Chennupati et al., 2019", make=_geometric_mean),
    Method(name="famo", source="Liu et al., 2023", make=_famo, options=LearnedOptions, every_task=True),
    Method(name="random", source="Lin et al., 2022", make=_random),
    Method(name="stch", source="Lin et al., 2024", make=_stch, options=StchOptions),
    Method(name="pbi", source="Zhang & Li, 2007", make=_pbi, options=PbiOptions, every_task=True),
    Method(
        name="cosmos", source="Ruchte & Grabocka, 2021", make=_cosmos, options=CosmosOptions, every_task=True
    ),
)
