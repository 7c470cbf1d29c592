"""What OpenAPI promises, tried: generated requests, right and wrong, get an answer that is described there."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from serve.serving import Serving

PATHS = [("POST", "/v1/score"), ("POST", "/v1/explain"), ("POST", "/v1/file"), ("GET", "/v1/model"),
         ("GET", "/metrics"), ("GET", "/healthz"), ("GET", "/readyz")]  # fmt: skip
TOKEN = "a-token-for-the-description"
few = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def serving(scorer):
    made = Serving(scorer, token=TOKEN)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def described(serving):
    return schemathesis.openapi.from_url(f"{serving.address}/openapi.json")


def test_every_path_is_tried(described):
    found = [operation.ok() for operation in described.get_all_operations()]
    assert sorted((o.method.upper(), o.path) for o in found) == sorted(PATHS)


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [(*pair, GenerationMode.POSITIVE) for pair in PATHS]
    # There is nothing in the others to get wrong.
    + [(*pair, GenerationMode.NEGATIVE) for pair in PATHS if pair[0] == "POST"],
)
def test_requests_get_what_is_described(described, method, path, mode):
    """Status, media type, headers and body are those of the description; wrong requests are refused."""
    operation = described[path][method]

    # Not every file can be scored.
    excluded = [positive_data_acceptance] if path == "/v1/file" else []

    @few
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case):
        case.call_and_validate(headers={"Authorization": f"Bearer {TOKEN}"}, excluded_checks=excluded)

    check()
