"""Too little memory for a step: it is computed in parts, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from sharewise.errors import RunError
from sharewise.models.sharing import SHARINGS
from sharewise.train.steps import batch_plan
from support import make_job
from train.comparing import assert_close, train
from train.cramped import cramped, out_of_memory
from train.observers import Notes


def torch_allocator() -> Exception:
    return RuntimeError(
        "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."
    )


def apple() -> Exception:
    return RuntimeError("MPS backend out of memory (MPS allocated: 9.05 GB, other allocations: 1.00 KB)")


@pytest.mark.parametrize(
    ("rows", "error"), [(9, out_of_memory), (1, out_of_memory), (9, torch_allocator), (9, apple)]
)
def test_parts_add_up_to_the_whole_step(tmp_path, monkeypatch, rows, error):
    monkeypatch.setitem(SHARINGS, "cramped", cramped(rows, error))
    notes = Notes()
    whole = train(make_job(), tmp_path / "whole")
    parts = train(make_job(sharing="cramped"), tmp_path / "parts", observer=notes)
    assert_close(whole, parts)
    assert whole.outcome.rows_seen == parts.outcome.rows_seen
    assert whole.outcome.updates_made == parts.outcome.updates_made
    assert whole.outcome.notes == []
    assert parts.outcome.notes == notes.of("note") != []


def test_the_note_tells_the_update_and_the_parts(tmp_path, monkeypatch):
    sizes = [len(batch) for epoch in (0, 1) for batch in batch_plan(make_job())[1].epoch(epoch)]
    monkeypatch.setitem(SHARINGS, "cramped", cramped(max(sizes) - 1))
    notes = train(make_job(sharing="cramped"), tmp_path).outcome.notes
    first = int(np.argmax(sizes)) + 1
    assert notes == [
        f"out of memory at update {first}: from here on each update is computed in 2 parts, "
        "whose gradients are added up"
    ]


def test_no_memory_for_one_row_ends_the_run_with_advice(tmp_path, monkeypatch):
    monkeypatch.setitem(SHARINGS, "cramped", cramped(0))
    with pytest.raises(RunError, match=r"out of memory at update 1; set a smaller training\.batch_tokens"):
        train(make_job(sharing="cramped"), tmp_path)


def test_another_error_is_not_taken_for_it(tmp_path, monkeypatch):
    monkeypatch.setitem(SHARINGS, "cramped", cramped(3, lambda: RuntimeError("shapes do not match")))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        train(make_job(sharing="cramped"), tmp_path)


def test_gradients_of_a_failed_try_are_thrown_away(tmp_path, monkeypatch):
    """Memory may run out in a later part, when earlier ones have left their gradients."""
    calls = []

    class Late(cramped(1000)):
        def forward(self, tokens):
            calls.append(len(tokens.input_ids))
            if self.training and len(calls) in (1, 3):
                raise torch.OutOfMemoryError("out of memory")
            return super().forward(tokens)

    monkeypatch.setitem(SHARINGS, "late", Late)
    assert_close(train(make_job(), tmp_path / "whole"), train(make_job(sharing="late"), tmp_path / "late"))
