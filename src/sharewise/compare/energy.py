"""Energy of the processor while a run trains, where Linux tells it (RAPL, /sys/class/powercap)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from sharewise.train import Observer

POWERCAP = Path("/sys/class/powercap")
# Counters of an idle laptop wrap after hours, those of a busy server after many minutes.
_EVERY_SECONDS = 10.0


class EnergyMeter:
    """Adds up what the processor packages use, and this process's part of it.

    The counters are of whole packages. When other processes work too, as in runs side by side, a run is charged the
    share of the machine's busy time that its own process had. Accelerators and the rest of the machine aren't in it.

    Args:
        powercap: where the counters are.
    """

    def __init__(self, powercap: Path = POWERCAP) -> None:
        # `intel-rapl:0` is a package, on AMD too; `intel-rapl:0:0` is a part of one.
        self._packages = [p for p in sorted(powercap.glob("intel-rapl:*")) if p.name.count(":") == 1]
        self._before = self._read()
        self._busy = _busy_seconds()
        self._own = time.process_time()
        self._total = 0.0
        self._read_at = time.monotonic()

    @property
    def joules(self) -> float | None:
        """What was used since the meter was made, or None where the counters can't be read."""
        self.read()
        return None if self._before is None else self._total

    def read_when_due(self) -> None:
        """Read the counters if the last time is long enough ago; else they may have wrapped."""
        if time.monotonic() - self._read_at >= _EVERY_SECONDS:
            self.read()

    def read(self) -> None:
        """Add up what was used since the last time."""
        self._read_at = time.monotonic()
        now, busy, own = self._read(), _busy_seconds(), time.process_time()
        if self._before is not None and now is not None:
            used = sum(
                after - before if after >= before else after - before + limit
                for (after, limit), (before, _) in zip(now, self._before, strict=True)
            )
            passed = busy - self._busy
            share = min(1.0, (own - self._own) / passed) if passed > 0 else 0.0
            self._total += used / 1e6 * share
        self._before, self._busy, self._own = now, busy, own

    def _read(self) -> list[tuple[int, int]] | None:
        """Each package's counter and where it wraps, in microjoules; None where that can't be read."""
        try:
            found = [
                tuple(int((p / name).read_text()) for name in ("energy_uj", "max_energy_range_uj"))
                for p in self._packages
            ]
        except (OSError, ValueError):
            return None
        return [(counter, limit) for counter, limit in found] or None


class Metered:
    """An observer that reads the meter on the way; its energy is None of a run that went on from a checkpoint."""

    def __init__(self, inner: Observer, meter: EnergyMeter) -> None:
        self.inner = inner
        self.meter = meter
        self.whole = True

    @property
    def joules(self) -> float | None:
        """Of the whole run, or None."""
        return self.meter.joules if self.whole else None

    def on_start(self, *, done: int, total: int) -> None:
        """See Observer."""
        self.whole = done == 0
        self.inner.on_start(done=done, total=total)

    def on_step(self, *, step: int, total: int) -> None:
        """See Observer."""
        self.meter.read_when_due()
        self.inner.on_step(step=step, total=total)

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        """See Observer."""
        self.inner.on_evaluation(record)

    def on_note(self, note: str) -> None:
        """See Observer."""
        self.inner.on_note(note)

    def on_end(self) -> None:
        """See Observer."""
        self.inner.on_end()


def _busy_seconds() -> float:
    """Processor seconds that all processes of the machine had since it started."""
    times = psutil.cpu_times()
    return float(times.user + times.system + getattr(times, "nice", 0.0))
