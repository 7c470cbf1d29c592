"""Real data lie beside the checkout, never inside it; tests that need them skip where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = Path(
        os.environ.get("SHAREWISE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data")
    ).resolve()
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not a folder (set SHAREWISE_DATA)")
    return folder
