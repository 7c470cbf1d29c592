"""Batches over requests: the scorer's own answers, a bounded queue, turns, and a stop that finishes its work."""

from __future__ import annotations

import random
import threading
import time

import numpy as np
import pytest

from sharewise.serve.batcher import Batcher, Full

TEXTS = [f"text {'word ' * (i % 9)}{i}" for i in range(60)]


@pytest.fixture(params=[1, 3], ids=["one lane", "three lanes"])
def batcher(scorer, request):
    made = Batcher(scorer, wait=0.01, lanes=request.param)
    yield made
    made.close()


class Slow:
    """A scorer whose batches end when the test says so."""

    def __init__(self, scorer):
        self.inner = scorer
        self.batches = []
        self.go = threading.Semaphore(0)
        self.error = None

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def pieces(self, texts, tasks, *, batch_tokens):
        self.batches.append(list(texts))
        assert self.go.acquire(timeout=10)
        if self.error:
            raise self.error
        return self.inner.pieces(texts, tasks, batch_tokens=batch_tokens)


def wait_until(condition, seconds=10):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError("it never came about")


def test_many_clients_get_their_own_answers(batcher, scorer):
    draw = random.Random(3)
    expected = scorer.scores(TEXTS)
    wrong = []

    def client(seed):
        own = random.Random(seed)
        for _ in range(4):
            rows = own.sample(range(60), own.randint(1, 40))
            tasks = scorer.chosen(own.sample(["polite", "topic", "stars"], own.randint(1, 3)))
            found = batcher.submit([TEXTS[r] for r in rows], tasks).result(timeout=30)
            if list(found) != tasks or not all(
                np.allclose(found[t], expected[t][rows], atol=1e-5) for t in tasks
            ):
                wrong.append(rows)

    threads = [threading.Thread(target=client, args=(draw.random(),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert batcher.waiting == 0
    assert batcher._tokens == 0


def test_requests_that_come_together_are_computed_together(scorer):
    slow = Slow(scorer)
    batcher = Batcher(slow, wait=0.0)
    first = batcher.submit(["plug"], ["polite"])
    wait_until(lambda: slow.batches)
    rest = [batcher.submit([text], ["polite"]) for text in TEXTS[:20]]
    slow.go.release(2)
    assert first.result(10)
    assert all(future.result(10) for future in rest)
    assert [len(batch) for batch in slow.batches] == [1, 20]
    batcher.close()


def test_a_large_request_does_not_hold_small_ones_up(scorer):
    slow = Slow(scorer)
    batcher = Batcher(slow, wait=0.0, batch_tokens=400)
    plug = batcher.submit(["plug"], ["polite"])
    wait_until(lambda: slow.batches)
    large = batcher.submit(TEXTS, ["polite"])
    small = batcher.submit(["small"], ["polite"])
    slow.go.release(2)
    assert small.result(10)
    assert plug.done()
    assert not large.done()
    assert slow.batches[1].count("small") == 1
    slow.go.release(50)
    assert len(large.result(10)["polite"]) == 60
    batcher.close()


def test_a_full_queue_refuses_and_has_room_again(scorer):
    slow = Slow(scorer)
    batcher = Batcher(slow, wait=0.0, capacity=10)
    plug = batcher.submit(["plug"], ["polite"])
    wait_until(lambda: slow.batches)
    queued = batcher.submit(TEXTS[:8], ["polite"])
    with pytest.raises(Full) as caught:
        batcher.submit(TEXTS[:3], ["polite"])
    assert 1 <= caught.value.seconds <= 60
    assert batcher.waiting == 8
    patient = threading.Thread(target=lambda: batcher.submit(TEXTS[:3], ["polite"], patience=10).result(10))
    patient.start()
    slow.go.release(50)
    patient.join(10)
    assert not patient.is_alive()
    assert plug.done()
    assert len(queued.result(10)["polite"]) == 8
    batcher.close()


def test_more_texts_than_the_queue_holds_are_taken_when_it_is_empty(scorer):
    batcher = Batcher(scorer, capacity=4)
    assert len(batcher.submit(TEXTS[:20], ["polite"]).result(10)["polite"]) == 20
    batcher.close()


def test_what_was_accepted_is_finished_and_nothing_more(scorer):
    slow = Slow(scorer)
    batcher = Batcher(slow, wait=0.0)
    futures = [batcher.submit([text], ["polite"]) for text in TEXTS[:5]]
    closing = threading.Thread(target=batcher.close)
    closing.start()
    wait_until(lambda: not batcher.open)
    with pytest.raises(RuntimeError, match="closed"):
        batcher.submit(["late"], ["polite"])
    slow.go.release(50)
    closing.join(10)
    assert all(len(future.result(1)["polite"]) == 1 for future in futures)


def test_a_failing_batch_fails_its_requests_alone(scorer):
    slow = Slow(scorer)
    batcher = Batcher(slow, wait=0.0, batch_tokens=200)
    slow.error = ZeroDivisionError("oh")
    bad = batcher.submit(TEXTS[:40], ["polite"])
    slow.go.release()
    with pytest.raises(ZeroDivisionError):
        bad.result(10)
    slow.error = None
    slow.go.release(50)
    assert len(batcher.submit(TEXTS[:2], ["polite"]).result(10)["polite"]) == 2
    assert batcher.waiting == 0
    batcher.close()


def test_a_cancelled_request_is_not_computed(scorer):
    slow = Slow(scorer)
    batcher = Batcher(slow, wait=0.0)
    batcher.submit(["plug"], ["polite"])
    wait_until(lambda: slow.batches)
    gone = batcher.submit(["gone"], ["polite"])
    assert gone.cancel()
    kept = batcher.submit(["kept"], ["polite"])
    slow.go.release(50)
    kept.result(10)
    assert ["gone"] not in slow.batches
    assert slow.batches[1] == ["kept"]
    assert batcher.waiting == 0
    batcher.close()


def test_requests_that_were_all_cancelled_end_no_lane(scorer):
    slow = Slow(scorer)
    batcher = Batcher(slow, wait=0.0)
    plug = batcher.submit(["plug"], ["polite"])
    wait_until(lambda: slow.batches)
    assert batcher.submit(["gone"], ["polite"]).cancel()
    slow.go.release(50)
    plug.result(10)
    wait_until(lambda: batcher.waiting == 0)
    assert len(batcher.submit(["later"], ["polite"]).result(10)["polite"]) == 1
    assert batcher.open
    batcher.close()


def test_lanes_compute_side_by_side(scorer):
    slow = Slow(scorer)
    batcher = Batcher(slow, wait=0.0, lanes=2)
    futures = []
    for number in (1, 2):
        futures.append(batcher.submit([f"text {number}"], ["polite"]))
        wait_until(lambda seen=number: len(slow.batches) == seen)
    futures.append(batcher.submit(["third"], ["polite"]))
    time.sleep(0.05)
    assert len(slow.batches) == 2
    closing = threading.Thread(target=batcher.close)
    closing.start()
    slow.go.release(50)
    closing.join(10)
    assert [len(future.result(1)["polite"]) for future in futures] == [1, 1, 1]


def test_lanes_share_no_company_out(scorer):
    slow = Slow(scorer)
    batcher = Batcher(slow, wait=0.2, lanes=2)
    slow.go.release(50)
    futures = [batcher.submit([text], ["polite"]) for text in TEXTS[:6]]
    assert all(len(future.result(10)["polite"]) == 1 for future in futures)
    assert [len(batch) for batch in slow.batches] == [6]
    batcher.close()


def test_nothing_is_answered_at_once(batcher):
    assert batcher.submit([], ["topic"]).result(0)["topic"].shape == (0, 3)
