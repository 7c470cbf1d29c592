"""A real server on loopback, in a thread."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import uvicorn

from sharewise.serve import Scorer
from sharewise.serve.http.app import create_app
from sharewise.serve.http.options import ServeOptions

JSON = {"Content-Type": "application/json"}


class Serving:
    """A server that runs until `stop`."""

    def __init__(self, scorer: Scorer, **options: Any) -> None:
        self.logs: list[str] = []
        self.app = create_app(scorer, ServeOptions(model=Path("-"), **options), log=self.logs.append)
        self.server = uvicorn.Server(
            uvicorn.Config(self.app, log_config=None, access_log=False, timeout_graceful_shutdown=10)
        )
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.thread = threading.Thread(target=self.server.run, args=([listening],), daemon=True)
        self.thread.start()
        for _ in range(2000):
            if self.server.started:
                return
            time.sleep(0.005)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def score(self, content: Any, **headers: str) -> tuple[int, Any]:
        status, _, body = self.ask("POST", "/v1/score", json.dumps(content), {**JSON, **headers})
        return status, json.loads(body)
