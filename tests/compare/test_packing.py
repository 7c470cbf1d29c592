"""Runs side by side in processes of their own: equal numbers, and no way to lose them or be left behind by one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from sharewise.compare import RunSpec, compare, packing
from sharewise.compare.packing import cores, thread_count, threads_set, worker_count
from sharewise.errors import RunError
from sharewise.study import load_study
from tiny_study import Compared, Spy, SpyRun, numbers, write_study

COMMAND = [sys.executable, "-m", "sharewise.cli", "compare", "study.yaml", "--workers", "2"]


def test_workers_are_as_many_as_wanted_but_no_more_than_runs() -> None:
    assert worker_count(10, 3) == 3
    assert worker_count(2, 3) == 2
    assert worker_count(10, 0) == 1


def test_left_to_itself_the_machine_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing.torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(packing.torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(packing, "cores", lambda: 64)
    memory = psutil.virtual_memory()._replace(total=7 * 2**30)
    monkeypatch.setattr(packing.psutil, "virtual_memory", lambda: memory)
    assert worker_count(10) == 2
    monkeypatch.setattr(packing.psutil, "virtual_memory", lambda: memory._replace(total=2**40))
    assert worker_count(100) == 8
    assert worker_count(3) == 3
    monkeypatch.setattr(packing, "cores", lambda: 4)
    assert worker_count(100) == 4
    monkeypatch.setattr(packing.torch.cuda, "is_available", lambda: True)
    assert worker_count(100) == 1


def test_runs_share_the_cores_and_keep_to_what_the_user_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [thread_count(n) for n in (1, 2, 3, 8, 20)] == [8, 4, 2, 1, 1]
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert [thread_count(n) for n in (1, 2, 3, 8)] == [3, 3, 2, 1]
    for unusable in ("", "0", "4,2"):
        monkeypatch.setenv("OMP_NUM_THREADS", unusable)
        assert thread_count(1) in (1, 8)


def test_cores_are_those_that_this_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert cores() == len(allowed)


def test_threads_are_set_for_a_while() -> None:
    before = packing.torch.get_num_threads()
    with threads_set(before + 1):
        assert packing.torch.get_num_threads() == before + 1
    assert packing.torch.get_num_threads() == before


@pytest.fixture
def begun(
    tmp_path: Path, one_thread: None
) -> Callable[[], tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """Start `sharewise compare` with two workers, and wait until a run is made."""

    def begin() -> tuple[subprocess.Popen[str], list[psutil.Process]]:
        write_study(tmp_path)
        process = subprocess.Popen(
            COMMAND,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # What runs in the background of a script was told to ignore Ctrl-C, and tells its children.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        deadline = time.monotonic() + 500
        while not finished(tmp_path):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        children = psutil.Process(process.pid).children(recursive=True)
        workers = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
        assert len(workers) == 2
        return process, workers

    return begin


def finished(folder: Path) -> list[Path]:
    return list((folder / "runs" / "tiny").glob("*/*/*/run.json"))


def assert_gone(workers: list[psutil.Process], *, seconds: float) -> None:
    _, alive = psutil.wait_procs(workers, timeout=seconds)
    assert not alive


def go_on(folder: Path, trained: Compared) -> None:
    """Compare again, and see that only what was missing is trained and that all numbers are the same."""
    before = len(finished(folder))
    spy = Spy()
    results = compare(load_study(folder / "study.yaml"), runs=folder / "runs", observer=spy, workers=1)
    assert numbers(results) == numbers(trained.results)
    assert len(spy.cached) == before > 0
    assert len(spy.made) == 15 - before > 0


@pytest.mark.kill
def test_a_killed_comparison_leaves_no_worker_behind_and_goes_on_to_the_same_numbers(
    begun: Callable[[], tuple[subprocess.Popen[str], list[psutil.Process]]], tmp_path: Path, trained: Compared
) -> None:
    process, workers = begun()
    process.kill()
    process.communicate()
    assert_gone(workers, seconds=3.0)
    go_on(tmp_path, trained)


def spawned() -> list[psutil.Process]:
    """The worker processes of this one that live; one that was just killed may not be waited for yet."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # A zombie is one.
            if "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
    return found


@pytest.mark.kill
def test_ctrl_c_ends_with_one_line_and_a_worker_that_dies_with_another(
    begun: Callable[[], tuple[subprocess.Popen[str], list[psutil.Process]]], tmp_path: Path, trained: Compared
) -> None:
    process, workers = begun()
    os.killpg(process.pid, signal.SIGINT)  # As a terminal does: to all processes of the group.
    out, err = process.communicate(timeout=500)
    assert process.returncode == 1
    assert out == ""
    *progress, last = err.splitlines()
    assert last == "error: stopped; run the same command again to go on where it stopped"
    assert not [line for line in progress if "Traceback" in line or "error" in line or "Interrupt" in line]
    assert_gone(workers, seconds=3.0)

    class Killer(Spy):
        """Kills a worker as soon as a run begins, as the system does when memory runs out."""

        def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> SpyRun:
            if not cached:
                spawned()[0].kill()
            return super().on_run(spec, number=number, total=total, cached=cached)

    before = len(finished(tmp_path))
    if before < 14:
        study = load_study(tmp_path / "study.yaml")
        with pytest.raises(RunError, match="was ended from outside, perhaps because memory ran out"):
            compare(study, runs=tmp_path / "runs", observer=Killer(), workers=2)
    assert not spawned()
    go_on(tmp_path, trained)
