"""Results that many tests read; they are frozen, so one of each is enough."""

from __future__ import annotations

import pytest

from report.fixtures import dialogue_results
from report.small_fixtures import mixed_results, published_results
from sharewise.compare.results import Results


@pytest.fixture(scope="session")
def dialogue() -> Results:
    return dialogue_results()


@pytest.fixture(scope="session")
def published() -> Results:
    return published_results()


@pytest.fixture(scope="session")
def mixed() -> Results:
    return mixed_results()
