"""One tiny study, trained once a session; tests that change anything work on a copy. And one browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tiny_study import Compared, Spy, write_study

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# Set before torch is loaded: tiny models are quickest on one thread, and rounding doesn't depend on the machine.
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in this process and in workers have one thread each, and so the same rounding."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """The tiny study after `compare`; not to be changed."""
    # Imported here, so that tests that train nothing don't wait for torch.
    from sharewise.compare import compare
    from sharewise.study import load_study

    folder = tmp_path_factory.mktemp("trained")
    file, runs, spy = write_study(folder), folder / "runs", Spy()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        results = compare(load_study(file), runs=runs, observer=spy, workers=1)
    return Compared(file, runs, results, spy)


@pytest.fixture
def compared(trained: Compared, tmp_path: Path, one_thread: None) -> Compared:
    """A copy of the trained study, to be changed at will."""
    folder = tmp_path / "copy"
    shutil.copytree(trained.file.parent, folder)
    return Compared(folder / trained.file.name, folder / "runs", trained.results, trained.spy)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    from browsing import chromium

    with chromium() as started:
        yield started
