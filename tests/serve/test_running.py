"""A server as it is run: several processes on one socket, numbers over all of them, and a stop that loses nothing."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")

from uvicorn.config import STARTUP_FAILURE

from serve.serving import JSON
from serve.test_batcher import wait_until
from sharewise.serve.http.metrics import DIRECTORY_VARIABLE
from sharewise.serve.http.options import ServeOptions
from sharewise.serve.http.running import app_of_several

BODY = json.dumps({"texts": ["one text", "and another"]})


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, JSON)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.fixture
def process(model_folder, tmp_path):
    command = [sys.executable, "-m", "sharewise.cli", "serve", str(model_folder), "--workers", "2"]
    environment = os.environ | {"TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen(
            [*command, "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=log, env=environment
        )
        yield running
        running.kill()
        running.wait()
        running.stdout.close()


def is_ready(port):
    try:
        return ask(port, "GET", "/readyz")[0] == 200
    except OSError:
        return False


def counted(port):
    found = ask(port, "GET", "/metrics")[1]
    names = ("sharewise_texts_total", 'sharewise_requests_total{path="/v1/score",status="200"}')
    return [
        float(number) for name in names for number in re.findall(rf"^{re.escape(name)} (\S+)$", found, re.M)
    ]


def test_several_processes_answer_count_together_and_stop_without_a_loss(process, tmp_path):
    port = int(json.loads(process.stdout.readline())["address"].rpartition(":")[2])
    wait_until(lambda: is_ready(port), 120)
    assert [ask(port, "POST", "/v1/score", BODY)[0] for _ in range(12)] == [200] * 12
    # Whichever process is asked knows of all, once the last batch is entered.
    wait_until(lambda: counted(port) == [24.0, 12.0], 20)
    answered = []

    def client():
        while True:
            try:
                status, body = ask(port, "POST", "/v1/score", BODY)
            except (OSError, http.client.HTTPException):
                return  # Nobody listens any more.
            answered.append((status, len(json.loads(body)["results"])))

    clients = [threading.Thread(target=client) for _ in range(8)]
    for thread in clients:
        thread.start()
    wait_until(lambda: len(answered) > 50, 60)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    for thread in clients:
        thread.join(60)
    assert set(answered) == {(200, 2)}
    logged = [
        json.loads(line) for line in (tmp_path / "log").read_text().splitlines() if line.startswith("{")
    ]
    assert sum(line["path"] == "/v1/score" for line in logged) == 12 + len(answered)
    assert [path.name for path in tmp_path.iterdir()] == ["log"]


def test_a_process_that_cannot_start_leaves_the_reason(tmp_path, monkeypatch):
    options = ServeOptions(model=tmp_path / "none", workers=2)
    monkeypatch.setenv("_SHAREWISE_SERVE", options.model_dump_json())
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path))
    with pytest.raises(SystemExit) as caught:
        app_of_several()
    assert caught.value.code == STARTUP_FAILURE
    assert "none" in (tmp_path / "reason.txt").read_text()
