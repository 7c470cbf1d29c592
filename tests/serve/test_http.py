"""The HTTP interface over real sockets: answers, refusals, back-pressure, a graceful stop, silence about texts."""

from __future__ import annotations

import gzip
import json
import random
import socket
import threading
import time

import pytest

pytest.importorskip("fastapi", reason="the extra `serve` is not installed")

from serve.serving import JSON, Serving
from serve.test_batcher import Slow, wait_until
from sharewise.data.turn import Turn
from sharewise.errors import UserError
from sharewise.serve.http.options import ServeOptions, find_token, is_loopback
from sharewise.serve.http.settings import options_of

SECRET = "a-secret-of-some-length"
# Batches that a server computes before it is ready.
WARMING = 3


@pytest.fixture(scope="module")
def serving(scorer):
    made = Serving(scorer, max_texts=20, max_characters=1000, max_body=100_000, max_file=200_000)
    yield made
    made.stop()


def test_one_or_many_texts(serving, scorer):
    texts = ["a lovely film", "배우의 연기", "軽い"]
    status, found = serving.score({"texts": texts})
    assert status == 200
    expected = scorer.score(texts)
    for answer, own in zip(found["results"], expected, strict=True):
        assert list(answer) == ["polite", "topic", "stars"]
        for task, of_task in answer.items():
            decision = own[task].decision
            assert of_task["decision"] == (pytest.approx(decision, abs=1e-4) if task == "stars" else decision)
            assert of_task["probabilities"] == pytest.approx(dict(own[task].probabilities), abs=1e-5)
    alone = serving.score({"texts": texts[0], "tasks": ["topic"]})[1]["results"]
    assert [list(answer) for answer in alone] == [["topic"]]
    status, one = serving.score({"texts": {"text": "a", "pair": "b"}, "tasks": ["polite"]})
    assert (status, list(one["results"][0])) == (200, ["polite"])
    assert one["model"] == scorer.digest[:12]


def test_earlier_turns_are_read_by_models_that_know_them(serving, turn_scorer):
    asked = {"text": "why?", "pair": "because", "context": ["배우의 연기", "a lovely film"]}
    status, refused = serving.score({"texts": asked})
    assert (status, refused["detail"][0]["loc"]) == (422, ["body", "texts", 0])
    assert serving.score({"texts": {**asked, "context": []}})[0] == 200
    talking = Serving(turn_scorer)
    try:
        assert json.loads(talking.ask("GET", "/v1/model")[2])["context"] == 4
        found = talking.score({"texts": [asked, {**asked, "context": []}]})[1]["results"]
        expected = turn_scorer.score([Turn("why?", "because", tuple(asked["context"])), ("why?", "because")])
        shown = [answer["polite"]["probabilities"]["yes"] for answer in found]
        assert shown == pytest.approx([e["polite"].probabilities["yes"] for e in expected], abs=2e-3)
        assert abs(shown[0] - shown[1]) > 1e-3
        body = json.dumps({**asked, "task": "polite"})
        weighed = json.loads(talking.ask("POST", "/v1/explain", body, JSON)[2])
        assert weighed["score"] == pytest.approx(shown[0], abs=2e-3)
        assert {span["part"] for span in weighed["spans"]} == {0, 1}
    finally:
        talking.stop()


def test_the_model_tells_of_itself(serving, scorer):
    status, headers, body = serving.ask("GET", "/v1/model")
    facts = json.loads(body)
    assert status == 200
    assert facts["tasks"]["polite"]["thresholds"] == [0.7]
    assert facts["tasks"]["topic"]["calibrated"] is True
    assert facts["limits"]["texts"] == 20
    assert facts["engine"] == scorer.engine
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_health_and_readiness(serving):
    assert [serving.ask("GET", path)[0] for path in ("/healthz", "/readyz")] == [200, 200]


REFUSED = [
    ("no json", b"{", JSON, 400),
    ("invalid utf-8", b'{"texts": "\xff"}', JSON, 400),
    ("deep", b"[" * 50_000, JSON, 400),
    ("deep and closed", b'{"texts": ' + b"[" * 900 + b"]" * 900 + b"}", JSON, 422),
    ("huge number", b'{"texts": ' + b"9" * 50_000 + b"}", JSON, (400, 422)),
    ("nan", b'{"texts": NaN}', JSON, (400, 422)),
    ("half a surrogate", b'{"texts": "\\ud800"}', JSON, 422),
    ("half a surrogate as a key", b'{"texts": "a", "\\ud800": 1}', JSON, 422),
    ("no object", b"3", JSON, 422),
    ("nothing", b"", JSON, 422),
    ("no texts", b"{}", JSON, 422),
    ("empty list", b'{"texts": []}', JSON, 422),
    ("empty text", b'{"texts": ["a", " "]}', JSON, 422),
    ("unknown key", b'{"texts": "a", "colour": 1}', JSON, 422),
    ("unknown task", b'{"texts": "a", "tasks": ["x"]}', JSON, 422),
    ("too many", json.dumps({"texts": ["a"] * 21}).encode(), JSON, 422),
    ("too long", json.dumps({"texts": "a" * 1001}).encode(), JSON, 422),
    ("too large", b'{"texts": "' + b"a" * 100_000 + b'"}', JSON, 413),
    ("other type", b'{"texts": "a"}', {"Content-Type": "text/plain"}, 415),
    ("no type", b'{"texts": "a"}', {}, 415),
]


@pytest.mark.parametrize(
    ("body", "headers", "expected"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_wrong_bodies_get_the_right_status(serving, body, headers, expected):
    status, _, answer = serving.ask("POST", "/v1/score", body, headers)
    assert status in (expected if isinstance(expected, tuple) else (expected,))
    detail = json.loads(answer)["detail"]
    assert detail
    assert len(answer) < 2000


def test_nul_and_odd_characters_are_texts_like_others(serving):
    status, found = serving.score({"texts": ["a\x00b", "\u202e\U0001f600\ufeff", "é" * 500]})
    assert status == 200
    assert len(found["results"]) == 3


def test_a_body_without_length_is_cut_off_at_the_limit(serving):
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as connection:
        connection.sendall(b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
        sent = 0
        try:
            while sent < 100_000_000:
                connection.sendall(b"10000\r\n" + b"a" * 65536 + b"\r\n")
                sent += 65536
        except OSError:
            pass
        assert sent < 20_000_000
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_a_declared_body_over_the_limit_is_not_waited_for(serving):
    with socket.create_connection(("127.0.0.1", serving.port), timeout=20) as connection:
        connection.sendall(b"POST /v1/score HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        connection.sendall(b"Content-Length: 100000000\r\n\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_damaged_bodies_are_refused_and_nothing_stalls(serving):
    draw = random.Random(8)
    good = json.dumps(
        {"texts": ["a lovely film", {"text": "배우", "pair": "b"}], "tasks": ["polite"]}
    ).encode()
    odd = [
        b"\xff\xfe",
        b"\x00",
        b'"',
        b"{",
        b"[" * 2000,
        b"1e999999",
        b"-",
        b"\\ud800",
        b"NaN",
        b"9" * 5000,
        b"",
    ]
    seen = set()
    for number in range(150):
        body = bytearray(good)
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(body) + 1)
            body[at : at + draw.randint(0, 4)] = draw.choice(odd)
        path = ("/v1/score", "/v1/explain", "/v1/file?format=jsonl")[number % 3]
        status, _, answer = serving.ask("POST", path, bytes(body), JSON)
        assert len(answer) < 50_000
        seen.add(status)
    assert seen <= {200, 400, 422}
    assert 400 in seen
    assert serving.score({"texts": "still there"})[0] == 200


def test_explanations(serving, scorer):
    body = json.dumps({"text": "a lovely film", "task": "topic"})
    status, _, answer = serving.ask("POST", "/v1/explain", body, JSON)
    found = json.loads(answer)
    assert status == 200
    assert found["output"] == scorer.score(["a lovely film"])[0]["topic"].decision
    assert [(s["start"], s["end"]) for s in found["spans"]] == [(0, 1), (2, 8), (9, 13)]
    assert found["milliseconds"] > 0
    assert serving.ask("POST", "/v1/explain", json.dumps({"text": "a", "task": "x"}), JSON)[0] == 422


def test_files_come_back_scored(serving, scorer):
    rows = [f"text {i}" for i in range(150)]
    content = "id,text\n" + "".join(f"{i},{t}\n" for i, t in enumerate(rows)) + "x,\n"
    status, headers, body = serving.ask("POST", "/v1/file?format=csv&task=polite", content.encode())
    assert status == 200
    assert (headers["x-sharewise-rows"], headers["x-sharewise-rejected"]) == ("150", "1")
    lines = body.decode().splitlines()
    assert lines[0] == "id,text,polite.predicted,polite.p.yes"
    assert [line.split(",")[2] for line in lines[1:]] == [a["polite"].decision for a in scorer.score(rows)]
    status, headers, body = serving.ask("POST", "/v1/file?format=csv&output=jsonl", content.encode())
    assert json.loads(body.splitlines()[0])["id"] == "0"


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [("?format=csv", b"", 400), ("?format=csv", b"a,b\n1,2\n", 400), ("?format=csv&text=nope", b"a,b\n1,2\n", 400),
     ("?format=parquet", b"PAR1", 400), ("?format=exe", b"x", 422), ("?format=csv", b"text\n" + b"a" * 200_000, 413),
     ("?format=csv&task=nope", b"text\na\n", 400), ("?format=csv", gzip.compress(b"text\na\n"), 400)],
)  # fmt: skip
def test_files_that_cannot_be_scored(serving, query, body, status):
    found, _, answer = serving.ask("POST", f"/v1/file{query}", body)
    assert found == status
    assert "/tmp" not in answer.decode()


def test_logs_and_metrics_tell_no_texts(serving):
    serving.score({"texts": "a very private remark"})
    serving.ask("POST", "/v1/score?q=private", b'{"texts": "private', JSON)
    serving.ask("GET", "/private")
    wait_until(lambda: '"path": "other"' in serving.logs[-1])
    lines = [json.loads(line) for line in serving.logs[-3:]]
    assert [(line["path"], line["status"]) for line in lines] == [
        ("/v1/score", 200),
        ("/v1/score", 400),
        ("other", 404),
    ]
    assert lines[0]["texts"] == 1
    assert "private" not in "".join(serving.logs)
    status, headers, body = serving.ask("GET", "/metrics")
    assert status == 200
    assert headers["content-type"].startswith("text/plain")
    text = body.decode()
    assert 'sharewise_requests_total{path="/v1/score",status="200"}' in text
    assert "sharewise_texts_total" in text
    assert "private" not in text


def test_openapi_has_examples_and_all_refusals(serving):
    found = json.loads(serving.ask("GET", "/openapi.json")[2])
    score = found["paths"]["/v1/score"]["post"]
    assert set(score["responses"]) == {"200", "400", "401", "413", "415", "422", "429", "503"}
    assert found["components"]["schemas"]["ScoreRequest"]["examples"]
    assert {"/v1/model", "/v1/explain", "/v1/file", "/healthz", "/readyz", "/metrics"} <= set(found["paths"])


def test_a_token_is_needed_and_compared(scorer):
    serving = Serving(scorer, token=SECRET)
    try:
        for path in ("/v1/model", "/metrics"):
            status, headers, _ = serving.ask("GET", path)
            assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert serving.score({"texts": "a"})[0] == 401
        assert serving.score({"texts": "a"}, Authorization="Bearer wrong")[0] == 401
        assert serving.score({"texts": "a"}, Authorization=f"Basic {SECRET}")[0] == 401
        assert serving.score({"texts": "a"}, Authorization=f"Bearer {SECRET}")[0] == 200
        assert serving.ask("POST", "/v1/file", b"text\na\n")[0] == 401
        assert [serving.ask("GET", path)[0] for path in ("/", "/healthz", "/readyz")] == [200, 200, 200]
        assert SECRET not in "".join(serving.logs)
    finally:
        serving.stop()


def test_too_much_at_once_is_refused_with_a_time_to_come_back(scorer):
    slow = Slow(scorer)
    slow.go.release(WARMING)
    serving = Serving(slow, queue=4, wait=0.0)
    found = []

    def client():
        status, headers, _ = serving.ask("POST", "/v1/score", b'{"texts": ["a", "b"]}', JSON)
        found.append((status, headers.get("retry-after")))

    try:
        threads = [threading.Thread(target=client) for _ in range(8)]
        for thread in threads:
            thread.start()
        wait_until(lambda: len(found) >= 4)
        assert {status for status, _ in found} == {429}
        assert all(int(after) >= 1 for _, after in found)
        slow.go.release(100)
        for thread in threads:
            thread.join(20)
        assert sorted({status for status, _ in found}) == [200, 429]
        assert serving.score({"texts": "again"})[0] == 200
    finally:
        slow.go.release(100)
        serving.stop()


def test_a_stopping_server_finishes_what_it_accepted(scorer):
    slow = Slow(scorer)
    slow.go.release(WARMING)
    serving = Serving(slow, wait=0.0)
    found = []
    client = threading.Thread(target=lambda: found.append(serving.score({"texts": "a"})[0]))
    client.start()
    wait_until(lambda: len(slow.batches) == WARMING + 1)
    stopping = threading.Thread(target=serving.stop)
    stopping.start()
    time.sleep(0.3)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", serving.port), timeout=2).close()
    slow.go.release(100)
    client.join(10)
    stopping.join(20)
    assert found == [200]


def test_tokens_come_from_environment_or_file(tmp_path, monkeypatch):
    monkeypatch.delenv("SHAREWISE_TOKEN", raising=False)
    assert find_token(None, "127.0.0.1") is None
    with pytest.raises(UserError, match="everybody who reaches this machine"):
        find_token(None, "0.0.0.0")
    monkeypatch.setenv("SHAREWISE_TOKEN", SECRET)
    assert find_token(None, "0.0.0.0") == SECRET
    (tmp_path / "token").write_text(f"{SECRET}-file\n")
    assert find_token(tmp_path / "token", "::") == f"{SECRET}-file"
    (tmp_path / "token").write_text("short")
    with pytest.raises(UserError, match="shorter than 16"):
        find_token(tmp_path / "token", "::1")
    with pytest.raises(UserError, match="can't be read"):
        find_token(tmp_path / "none", "::1")
    assert [is_loopback(h) for h in ("localhost", "127.8.8.8", "::1", "0.0.0.0", "example.org")] == [
        True, True, True, False, False,
    ]  # fmt: skip


def test_settings_are_checked(model_folder, tmp_path, monkeypatch):
    monkeypatch.delenv("SHAREWISE_TOKEN", raising=False)
    found = options_of(model_folder, "127.0.0.1", 0, 1, "auto", None, ["max_texts=7", "wait=0.5"])
    assert (found.max_texts, found.wait) == (7, 0.5)
    assert SECRET not in repr(ServeOptions(model=tmp_path, token=SECRET))
    with pytest.raises(UserError, match="did you mean `max_texts`"):
        options_of(model_folder, "127.0.0.1", 0, 1, "auto", None, ["max_text=7"])
    with pytest.raises(UserError, match="--set max_texts=0: "):
        options_of(model_folder, "127.0.0.1", 0, 1, "auto", None, ["max_texts=0"])
    with pytest.raises(UserError, match=r"holds no sharewise\.json"):
        options_of(tmp_path, "127.0.0.1", 0, 1, "auto", None, [])
