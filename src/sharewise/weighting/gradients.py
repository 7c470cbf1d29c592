"""Weightings of gradients: TorchJD's aggregators, which turn the tasks' gradients into one."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sharewise.weighting.method import GradientOptions, Method

_SOLVERS = "weighting"


class CagradOptions(GradientOptions):
    """Keys of `cagrad`."""

    radius: float = Field(
        default=0.4,
        ge=0.0,
        lt=1.0,
        description="c of the paper: how far from the mean gradient, as a share of its length",
    )


class NashOptions(GradientOptions):
    """Keys of `nash_mtl`."""

    update_every: int = Field(
        default=1, ge=1, description="steps between two solutions of the bargaining game"
    )
    max_norm: float = Field(
        default=1.0, ge=0.0, allow_inf_nan=False, description="longest combined gradient; 0 sets no limit"
    )


class AlignedOptions(GradientOptions):
    """Keys of `aligned_mtl`."""

    scale: Literal["min", "median", "rmse"] = Field(
        default="min", description="which singular value the gradients' principal components are scaled to"
    )


class GradvacOptions(GradientOptions):
    """Keys of `gradvac`."""

    beta: float = Field(default=0.5, ge=0.0, le=1.0, description="decay of the mean cosine between two tasks")


class FairgradOptions(GradientOptions):
    """Keys of `fairgrad`."""

    alpha: float = Field(
        default=1.0,
        ge=0.0,
        allow_inf_nan=False,
        description="how much fairness counts; 0 is the mean gradient",
    )


class ExcessOptions(GradientOptions):
    """Keys of `excess_mtl`."""

    step_size: float = Field(
        default=1.0, gt=0.0, allow_inf_nan=False, description="of the exponential update of the weights"
    )


def _upgrad(tasks: int, options: GradientOptions) -> Any:
    from torchjd.aggregation import UPGrad

    return UPGrad()


def _dual_projection(tasks: int, options: GradientOptions) -> Any:
    from torchjd.aggregation import DualProj

    return DualProj()


def _pcgrad(tasks: int, options: GradientOptions) -> Any:
    from torchjd.aggregation import PCGrad

    return PCGrad()


def _cagrad(tasks: int, options: CagradOptions) -> Any:
    from torchjd.aggregation import CAGrad

    return CAGrad(options.radius)


def _mgda(tasks: int, options: GradientOptions) -> Any:
    from torchjd.aggregation import MGDA

    return MGDA()


def _nash_mtl(tasks: int, options: NashOptions) -> Any:
    from torchjd.aggregation import NashMTL

    return NashMTL(
        tasks, max_norm=options.max_norm, update_weights_every=options.update_every, optim_niter=20
    )


def _imtl_g(tasks: int, options: GradientOptions) -> Any:
    from torchjd.aggregation import IMTLG

    return IMTLG()


def _aligned_mtl(tasks: int, options: AlignedOptions) -> Any:
    from torchjd.aggregation import AlignedMTL

    return AlignedMTL(scale_mode=options.scale)


def _gradvac(tasks: int, options: GradvacOptions) -> Any:
    from torchjd.aggregation import GradVac

    return GradVac(beta=options.beta)


def _graddrop(tasks: int, options: GradientOptions) -> Any:
    from torchjd.aggregation import GradDrop

    return GradDrop()


def _fairgrad(tasks: int, options: FairgradOptions) -> Any:
    from torchjd.aggregation import FairGrad

    return FairGrad(options.alpha)


def _config(tasks: int, options: GradientOptions) -> Any:
    from torchjd.aggregation import ConFIG

    return ConFIG()


def _excess_mtl(tasks: int, options: ExcessOptions) -> Any:
    from torchjd.aggregation import ExcessMTL

    return ExcessMTL(options.step_size)


def _method(
    name: str, source: str, make: Any, options: type[GradientOptions] = GradientOptions, **facts: Any
) -> Method:
    return Method(name=name, source=source, make=make, options=options, gradients=True, **facts)


_QUADRATIC = {"qpsolvers": _SOLVERS, "quadprog": _SOLVERS}
_CONVEX = {"cvxpy": _SOLVERS}
GRADIENTS = (
    _method("upgrad", "Quinton & Rey, 2024", _upgrad, packages=_QUADRATIC),
    _method("dual_projection", "Lopez-Paz & Ranzato, 2017, eq. 11", _dual_projection, packages=_QUADRATIC),
    _method("pcgrad", "Yu et al., 2020", _pcgrad),
    _method("cagrad", "Liu et al., 2021", _cagrad, CagradOptions, packages={**_CONVEX, "clarabel": _SOLVERS}),
    _method("mgda", "Désidéri, 2012; Sener & Koltun, 2018", _mgda),
    _method(
        "nash_mtl",
        "Navon et al., 2022",
        _nash_mtl,
        NashOptions,
        every_task=True,
        packages={**_CONVEX, "ecos": _SOLVERS},
    ),
    _method("imtl_g", "Liu et al., 2021 (gradient balance)", _imtl_g),
    _method("aligned_mtl", "Senushkin et al., 2023", _aligned_mtl, AlignedOptions),
    _method("gradvac", "Wang et al., 2021", _gradvac, GradvacOptions, every_task=True),
    _method("graddrop", "Chen et al., 2020", _graddrop),
    _method("fairgrad", "Ban & Ji, 2024", _fairgrad, FairgradOptions),
    _method("config", "Liu, Chu & Thuerey, 2024", _config),
    _method("excess_mtl", "He et al., 2024", _excess_mtl, ExcessOptions, every_task=True),
)
