"""A saved model through transformers' own doors, and up to a hub that listens on loopback."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from models.saving import save_tiny
from sharewise.errors import UserError
from sharewise.models.hub import SharewiseModel
from sharewise.models.pretrained import quiet
from sharewise.models.saved import load_models, save_models


@pytest.fixture
def folder(tmp_path, singles, tasks):
    save_tiny(tmp_path / "model", singles, tasks)
    return tmp_path / "model"


def _logits(model, tokenizer):
    inputs = tokenizer(["hello", "안녕 하세요"], padding=True, return_tensors="pt")
    with torch.no_grad():
        return model(**inputs).logits


def test_automodel_gives_the_saved_models_outputs(folder, tasks):
    with quiet():
        model = AutoModel.from_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    assert isinstance(model, SharewiseModel)
    assert not model.training
    logits = _logits(model, tokenizer)
    assert {name: tuple(v.shape) for name, v in logits.items()} == {
        name: (2, task.outputs) for name, task in tasks.items()
    }


def test_what_is_saved_again_is_the_whole_artifact_with_changed_weights(folder, tmp_path):
    model = SharewiseModel.from_pretrained(folder)
    tokenizer = model.models[0].tokenizer
    with torch.no_grad():
        model.parts[0].heads[0].bias.add_(1.0)
    model.save_pretrained(tmp_path / "again")
    again = SharewiseModel.from_pretrained(tmp_path / "again")
    expected, found = _logits(model, tokenizer), _logits(again, again.models[0].tokenizer)
    assert all(torch.equal(found[name], expected[name]) for name in expected)
    assert again.models[0].manifest.study == {"name": "tiny", "run": "abc"}
    assert (tmp_path / "again" / "README.md").is_file()


def test_several_models_are_one(tmp_path, singles, tasks):
    parts = {name: tmp_path / "parts" / name for name in tasks}
    for name, part in parts.items():
        save_tiny(part, singles, {name: tasks[name]})
    save_models(tmp_path / "bundle", parts)
    model = SharewiseModel.from_pretrained(tmp_path / "bundle")
    assert list(_logits(model, model.models[0].tokenizer)) == list(tasks)
    model.save_pretrained(tmp_path / "again")
    assert [list(m.tasks) for m in load_models(tmp_path / "again")] == [[name] for name in tasks]


def test_a_changed_file_is_refused_here_too(folder):
    weights = folder / "heads.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\1")
    with pytest.raises(UserError, match=r"heads\.safetensors: the file is not the one that was saved"):
        AutoModel.from_pretrained(folder)


@dataclass
class Hub:
    """What a hub was sent."""

    address: str
    files: dict[str, bytes] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """The three calls of the hub's interface that an upload makes; files come inside the commit."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, content: object) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._answer({"id": "me/tiny", "sha": "0" * 40, "siblings": []})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/api/repos/create":
                found.made.append(json.loads(body)["name"])
                self._answer({"url": f"{found.address}/me/tiny", "name": "me/tiny", "id": "1"})
            elif "/preupload/" in self.path:
                names = [file["path"] for file in json.loads(body)["files"]]
                self._answer(
                    {"files": [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]}
                )
            elif "/commit/" in self.path:
                for line in body.splitlines():
                    entry = json.loads(line)
                    if entry["key"] == "file":
                        found.files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
                self._answer(
                    {"success": True, "commitOid": "1" * 40, "commitUrl": f"{found.address}/me/tiny/commit/1"}
                )
            else:
                self._answer({})

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Hub(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()


def test_push_to_hub_uploads_the_artifact_with_its_card(folder, hub, tmp_path, monkeypatch):
    import huggingface_hub.hf_api

    model = SharewiseModel.from_pretrained(folder)
    api = huggingface_hub.HfApi
    monkeypatch.setattr("sharewise.models.hub.HfApi", lambda token: api(endpoint=hub.address, token="t"))
    with quiet():
        assert model.push_to_hub("me/tiny", token="t").endswith("/me/tiny/commit/1")
    assert hub.made == ["tiny"]
    assert hub.files["README.md"].startswith(b"---\nlibrary_name: sharewise")
    for name, content in hub.files.items():
        (tmp_path / "pulled" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pulled" / name).write_bytes(content)
    pulled = SharewiseModel.from_pretrained(tmp_path / "pulled")
    assert list(pulled.models[0].tasks) == ["spam", "tone.of-voice", "train"]
    with pytest.raises(UserError, match="push_to_hub takes no colour"):
        model.push_to_hub("me/tiny", colour="red")
