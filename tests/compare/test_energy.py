"""Counters of energy, laid out as Linux does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sharewise.compare.energy import EnergyMeter, Metered
from tiny_study import SpyRun


def counters(folder: Path, **values: int) -> Path:
    """Packages `intel-rapl:0` …, each with a part whose energy is in its own already."""
    for name, value in values.items():
        for path in (f"intel-rapl:{name[-1]}", f"intel-rapl:{name[-1]}:0"):
            (folder / path).mkdir(parents=True, exist_ok=True)
            (folder / path / "energy_uj").write_text(f"{value}\n")
            (folder / path / "max_energy_range_uj").write_text("1000000000\n")
    return folder


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """All the machine's busy time is this process's."""
    monkeypatch.setattr("sharewise.compare.energy._busy_seconds", time.process_time)


def work() -> None:
    end = time.process_time() + 0.01
    while time.process_time() < end:
        pass


def test_packages_are_added_up_and_counters_may_wrap(tmp_path: Path, alone: None) -> None:
    meter = EnergyMeter(counters(tmp_path, p0=1_000_000, p1=990_000_000))
    work()
    counters(tmp_path, p0=5_000_000, p1=6_000_000)
    # 4 J, and 10 J to the end of the second counter and 6 J from its start again.
    assert meter.joules == pytest.approx(20.0, rel=0.05)
    work()
    counters(tmp_path, p0=6_000_000, p1=6_000_000)
    assert meter.joules == pytest.approx(21.0, rel=0.05)


def test_a_process_is_charged_its_share_of_the_busy_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sharewise.compare.energy._busy_seconds", lambda: 4 * time.process_time())
    meter = EnergyMeter(counters(tmp_path, p0=0))
    work()
    counters(tmp_path, p0=8_000_000)
    assert meter.joules == pytest.approx(2.0, rel=0.05)


@pytest.mark.parametrize("content", [None, "", "none"])
def test_what_cannot_be_read_is_no_number(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        counters(tmp_path, p0=1)
        (tmp_path / "intel-rapl:0" / "energy_uj").write_text(content)
    assert EnergyMeter(tmp_path).joules is None


def test_a_run_that_went_on_from_a_checkpoint_has_none(tmp_path: Path, alone: None) -> None:
    told = SpyRun()
    for done in (0, 7):
        metered = Metered(told, EnergyMeter(counters(tmp_path, p0=0)))
        metered.on_start(done=done, total=9)
        metered.on_step(step=8, total=9)
        metered.on_evaluation({})
        metered.on_note("a note")
        metered.on_end()
        assert (metered.joules is None) == (done > 0)
    assert (told.started, told.steps, told.notes, told.ended) == ((7, 9), [8, 8], ["a note"] * 2, 2)
