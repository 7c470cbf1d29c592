"""The app: what each path does."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from sharewise.data.turn import Text, Turn, said_in
from sharewise.errors import UserError
from sharewise.serve.batcher import Batcher, Full
from sharewise.serve.explain import explain
from sharewise.serve.http.files import FileService, add_file_route
from sharewise.serve.http.guards import BodyLimit, Observed
from sharewise.serve.http.messages import (
    ExplainRequest,
    ExplainResponse,
    ModelFacts,
    ScoreRequest,
    ScoreResponse,
    Span,
    fit_description,
    model_facts,
    short_digest,
)
from sharewise.serve.http.metrics import CONTENT_TYPE, Metrics
from sharewise.serve.http.options import ServeOptions
from sharewise.serve.scorer import Scorer
from sharewise.serve.usable import unusable
from sharewise.tasks import Array
from sharewise.version import __version__

_PAGE = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/words.js": ("words.js", "text/javascript; charset=utf-8"),
}
_JSON = frozenset({"/v1/score", "/v1/explain"})
_PATHS = frozenset(
    {*_PAGE, *_JSON, "/v1/file", "/v1/model", "/healthz", "/readyz", "/metrics", "/openapi.json"}
)
_bearer = HTTPBearer(auto_error=False, description="needed where the server was started with a token")


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a path may refuse with, for OpenAPI."""
    reasons = {
        400: "the body is no JSON",
        401: "the bearer token is missing or wrong",
        413: "the body is too large",
        415: "the body is of another media type",
        422: "the body isn't as described, or holds too much",
        429: "the queue is full; Retry-After says when to try again",
        503: "the server is starting or stopping",
    }
    schema = {"type": "object", "properties": {"detail": {}}, "required": ["detail"]}
    return {
        s: {"description": reasons[s], "content": {"application/json": {"schema": schema}}} for s in statuses
    }


def create_app(scorer: Scorer, options: ServeOptions, *, log: Callable[[str], Any] | None = None) -> FastAPI:
    """Make the app of one process.

    Args:
        scorer: the model.
        options: limits, batching and token.
        log: takes a JSON line a request; standard error if None.
    """
    batcher = Batcher(
        scorer,
        batch_tokens=options.batch_tokens,
        wait=options.wait,
        capacity=options.queue,
        lanes=options.lanes or 1,
    )
    metrics = Metrics(lambda: batcher.waiting)
    batcher.on_batch = metrics.on_batch

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(batcher.warm)
        app.state.ready = True
        yield
        app.state.ready = False
        await asyncio.to_thread(batcher.close)

    app = FastAPI(
        title="Sharewise",
        version=__version__,
        summary="Answers several tasks about a text with one model.",
        lifespan=lifespan,
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        # Nothing is told to anybody; and looking for listeners took half of the event loop's time.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.ready = False
    app.state.batcher = batcher
    _add_page(app)
    _add_health(app, batcher)
    _add_scoring(app, scorer, batcher, metrics, options)
    add_file_route(
        app,
        FileService(scorer, batcher, options),
        [Depends(_guard(options))],
        _refusals(400, 401, 413, 429, 503),
    )
    app.add_exception_handler(RequestValidationError, _explain_refusal)
    fit_description(app.openapi(), scorer)
    limits = {"/v1/file": options.max_file, "/v1/score": options.max_body}
    app.add_middleware(BodyLimit, limits=limits, json_paths=_JSON)
    app.add_middleware(Observed, metrics=metrics, paths=_PATHS, log=log)
    return app


def _guard(options: ServeOptions) -> Callable[..., Awaitable[None]]:
    expected = None if options.token is None else options.token.encode()

    # In the event loop: a thread would cost more than the comparison.
    async def check(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> None:
        if expected is None:
            return
        sent = "" if given is None else given.credentials
        if not hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), expected):
            raise HTTPException(401, "a bearer token is needed", headers={"WWW-Authenticate": "Bearer"})

    return check


def _add_page(app: FastAPI) -> None:
    folder = files("sharewise.serve") / "page"

    def add(path: str, name: str, kind: str) -> None:
        content = (folder / name).read_bytes()

        async def page() -> Response:
            return Response(content, media_type=kind)

        app.add_api_route(path, page, methods=["GET"], include_in_schema=False)

    for path, (name, kind) in _PAGE.items():
        add(path, name, kind)


def _add_health(app: FastAPI, batcher: Batcher) -> None:
    @app.get("/healthz", summary="Whether the process lives")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz", summary="Whether it takes requests", responses=_refusals(503))
    async def ready() -> dict[str, str]:
        if not (app.state.ready and batcher.open):
            raise HTTPException(503, "starting or stopping")
        return {"status": "ready"}


def _add_scoring(
    app: FastAPI, scorer: Scorer, batcher: Batcher, metrics: Metrics, options: ServeOptions
) -> None:
    guarded = [Depends(_guard(options))]
    limits = {"texts": options.max_texts, "characters": options.max_characters, "body": options.max_body,
              "file": options.max_file}  # fmt: skip
    facts = model_facts(scorer, __version__, limits)
    digest = short_digest(scorer)

    @app.get("/v1/model", summary="What is served", dependencies=guarded, responses=_refusals(401))
    async def model() -> ModelFacts:
        return facts

    @app.get(
        "/metrics",
        summary="Metrics for Prometheus",
        dependencies=guarded,
        response_class=PlainTextResponse,
        responses=_refusals(401),
    )
    async def measured() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE)

    @app.post(
        "/v1/score",
        summary="Score texts or pairs",
        dependencies=guarded,
        response_model=ScoreResponse,
        responses=_refusals(400, 401, 413, 415, 422, 429, 503),
    )
    async def score(body: ScoreRequest, request: Request) -> Response:
        texts = body.listed
        tasks = _checked(scorer, options, texts, body.tasks)
        request.state.texts = len(texts)
        results = await _submitted(batcher, texts, tasks)
        answer = f'{{"model":"{digest}","results":[{",".join(results)}]}}'
        return Response(answer.encode(), media_type="application/json")

    @app.post(
        "/v1/explain",
        summary="Weigh a text's words by leaving each out",
        dependencies=guarded,
        response_model=ExplainResponse,
        responses=_refusals(400, 401, 413, 415, 422, 429, 503),
    )
    async def weigh(body: ExplainRequest, request: Request) -> Response:
        text = body.as_text
        (task,) = _checked(scorer, options, [text], [body.task])
        started = time.perf_counter()

        def compute(texts: list[Text], tasks: list[str]) -> dict[str, Array]:
            return batcher.submit(texts, tasks).result()

        try:
            output, value, spans = await asyncio.to_thread(explain, scorer, text, task, compute)
        except Full as full:
            raise _full(full) from None
        request.state.texts = len(spans) + 1
        shown = [Span(**vars(span)).model_dump() for span in spans]
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        return _json({"output": output, "score": value, "spans": shown, "milliseconds": milliseconds})


async def _submitted(batcher: Batcher, texts: Sequence[Text], tasks: list[str]) -> list[str]:
    try:
        return await asyncio.wrap_future(batcher.submit_json(texts, tasks))
    except Full as full:
        raise _full(full) from None
    except RuntimeError:
        raise HTTPException(503, "the server is stopping") from None


def _full(full: Full) -> HTTPException:
    return HTTPException(429, str(full), headers={"Retry-After": str(full.seconds)})


def _checked(
    scorer: Scorer, options: ServeOptions, texts: Sequence[Text], tasks: list[str] | None
) -> list[str]:
    """Refuse too many or too long texts, and tasks that aren't there; return the chosen ones."""
    if len(texts) > options.max_texts:
        raise _unprocessable(["body", "texts"], f"more than {options.max_texts} texts")
    for number, text in enumerate(texts):
        if max(map(len, said_in(text))) > options.max_characters:
            raise _unprocessable(
                ["body", "texts", number], f"more than {options.max_characters:,} characters"
            )
        reason = unusable(text)
        if isinstance(text, Turn) and text.context and scorer.most_context == 0:
            reason = "the model was trained without earlier turns, and takes none"
        if reason is not None:
            raise _unprocessable(["body", "texts", number], reason)
    try:
        return scorer.chosen(tasks)
    except UserError as error:
        raise _unprocessable(["body", "tasks"], error.problem) from None


def _unprocessable(where: list[str | int], reason: str) -> HTTPException:
    return HTTPException(422, [{"loc": where, "msg": reason, "type": "value_error"}])


async def _explain_refusal(request: Request, error: Exception) -> Response:
    """Say what is wrong with a body without repeating it: what was sent stays out of answers and logs."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(e["type"] == "json_invalid" for e in found):
        return JSONResponse({"detail": "the body is no valid JSON"}, 400)
    detail = [
        {"loc": [_plain(p) for p in e["loc"]], "msg": _plain(e["msg"]), "type": e["type"]} for e in found[:20]
    ]
    return JSONResponse({"detail": detail}, 422)


def _plain(part: Any) -> Any:
    """Names of unknown keys come from the client, and may be no Unicode, or very long."""
    return part if isinstance(part, int) else str(part).encode("utf-8", "replace").decode()[:200]


def _json(content: dict[str, Any]) -> Response:
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(body.encode(), media_type="application/json")
