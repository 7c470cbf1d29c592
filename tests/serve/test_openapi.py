"""What OpenAPI promises, tried: generated requests, right and wrong, get an answer that is described there."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as _given

from serve.serving import Serving

EXAMPLES = 15


@pytest.fixture(scope="module")
def described(scorer):
    serving = Serving(scorer)
    yield schemathesis.openapi.from_url(f"{serving.address}/openapi.json")
    serving.stop()


@pytest.fixture(scope="module")
def guarded(scorer):
    serving = Serving(scorer, token="a-token-for-this-test")
    yield schemathesis.openapi.from_url(f"{serving.address}/openapi.json")
    serving.stop()


few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schemathesis.pytest.from_fixture("described").parametrize()
@few
def test_requests_get_what_is_described(case):
    case.call_and_validate()


@schemathesis.pytest.from_fixture("guarded").parametrize()
@few
def test_without_the_token_nothing_else_is_answered(case):
    assert case.call().status_code in ((200,) if case.path in ("/healthz", "/readyz") else (401, 413, 415))
