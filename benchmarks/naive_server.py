"""What one writes first: FastAPI before transformers pipelines, one call a request.

    MODELS=a,b,c uvicorn naive_server:app

Every model gets its own pipeline; a request is answered by all of them.
"""

from __future__ import annotations

import os
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline

pipelines = {
    folder.rpartition("/")[2]: pipeline("text-classification", model=folder, truncation=True, max_length=256)
    for folder in os.environ["MODELS"].split(",")
}
app = FastAPI()


class Body(BaseModel):
    """A question and its answer."""

    text: str
    pair: str


if os.environ.get("HANDLER") == "async":

    @app.post("/score")
    async def score_in_the_loop(body: Body) -> dict[str, Any]:
        """Answer in the event loop, one request after another."""
        given = {"text": body.text, "text_pair": body.pair}
        return {name: answer(given) for name, answer in pipelines.items()}

else:

    @app.post("/score")
    def score(body: Body) -> dict[str, Any]:
        """Answer in FastAPI's thread pool, up to 40 requests at a time."""
        given = {"text": body.text, "text_pair": body.pair}
        return {name: answer(given) for name, answer in pipelines.items()}
