"""A file sent to the server comes back scored; it is computed in turn with everybody else's texts."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import FastAPI, HTTPException, Query, Request, Response
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from sharewise.data.turn import Text, shortened
from sharewise.errors import UserError
from sharewise.serve.batcher import Batcher, Full
from sharewise.serve.http.options import ServeOptions
from sharewise.serve.predict import Predicted, predict_file
from sharewise.serve.scorer import Scorer
from sharewise.tasks import Array

Format = Literal["csv", "tsv", "jsonl", "parquet"]
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}
# Files that are scored at a time; more are refused with 429.
_AT_A_TIME = 2
_CHUNK = 64
_PATIENCE = 60.0


class FileService:
    """Scores files through the batcher."""

    def __init__(self, scorer: Scorer, batcher: Batcher, options: ServeOptions) -> None:
        self.scorer = scorer
        self.batcher = batcher
        self.options = options
        self._places = threading.BoundedSemaphore(_AT_A_TIME)

    def take_place(self) -> None:
        """Raises: HTTPException 429 where too many files are being scored."""
        if not self._places.acquire(blocking=False):
            raise HTTPException(429, "other files are being scored; try again", headers={"Retry-After": "5"})

    def give_place(self) -> None:
        """Let another file in."""
        self._places.release()

    def score(
        self, source: Path, target: Path, *, text: list[str] | None, tasks: list[str] | None
    ) -> Predicted:
        """Score a file; bad rows are put apart."""
        return predict_file(
            self.scorer, source, target, text=text, tasks=tasks, on_error="apart", compute=self._compute
        )

    def _compute(self, texts: Sequence[Text], tasks: Sequence[str]) -> dict[str, Array]:
        # A few texts at a time, so that others' requests find room in the queue.
        limit = self.options.max_characters
        short = [shortened(text, limit) for text in texts]
        blocks = [
            self.batcher.submit(short[i : i + _CHUNK], tasks, patience=_PATIENCE).result()
            for i in range(0, len(short), _CHUNK)
        ]
        empty = {task: np.zeros((0, self.scorer.tasks[task].outputs), dtype=np.float32) for task in tasks}
        return {task: np.concatenate([empty[task], *(block[task] for block in blocks)]) for task in tasks}


def add_file_route(
    app: FastAPI, service: FileService, dependencies: Sequence[Any], refusals: dict[int | str, dict[str, Any]]
) -> None:
    """Add ``POST /v1/file``."""

    @app.post(
        "/v1/file",
        summary="Score a file",
        description="The body is the file. Rows that can't be scored are left out and counted in headers.",
        dependencies=dependencies,
        responses={
            **refusals,
            200: {
                "description": "the file with further columns",
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
                "headers": {
                    "X-Sharewise-Rows": {"schema": {"type": "integer"}, "description": "rows scored"},
                    "X-Sharewise-Rejected": {"schema": {"type": "integer"}, "description": "rows left out"},
                },
            },
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
        },
        response_class=Response,
    )
    async def score_file(
        request: Request,
        format: Annotated[Format, Query(description="of the body")] = "csv",
        output: Annotated[Format | None, Query(description="of the answer; the body's if left out")] = None,
        text: Annotated[
            list[str] | None, Query(description="column with the text, twice for a pair", max_length=2)
        ] = None,
        task: Annotated[list[str] | None, Query(description="names of tasks; all if left out")] = None,
    ) -> Response:
        service.take_place()
        folder = tempfile.TemporaryDirectory(prefix="sharewise-")
        try:
            source = Path(folder.name) / f"file.{format}"
            target = Path(folder.name) / f"scored.{output or format}"
            with source.open("wb") as stream:
                async for chunk in request.stream():
                    stream.write(chunk)
            done = await asyncio.to_thread(service.score, source, target, text=text, tasks=task)
        except ClientDisconnect:
            folder.cleanup()
            raise HTTPException(400, "the body ended early") from None
        except UserError as error:
            folder.cleanup()
            raise HTTPException(400, str(error).replace(f"{folder.name}/", "")) from None
        except Full as full:
            folder.cleanup()
            raise HTTPException(429, str(full), headers={"Retry-After": str(full.seconds)}) from None
        except BaseException:
            folder.cleanup()
            raise
        finally:
            service.give_place()
        request.state.texts = done.rows
        headers = {"X-Sharewise-Rows": str(done.rows), "X-Sharewise-Rejected": str(done.rejected)}
        return StreamingResponse(_sent(target, folder), media_type=MEDIA[output or format], headers=headers)


async def _sent(file: Path, folder: tempfile.TemporaryDirectory[str]) -> AsyncIterator[bytes]:
    """The file's content; its folder is deleted afterwards, or when the client goes away."""
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(1 << 16):
                yield chunk
    finally:
        folder.cleanup()
