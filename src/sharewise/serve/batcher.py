"""Texts of many clients, computed together: a budget of tokens, a bounded queue, a thread or more that compute."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sharewise.data.turn import Text, said_in
from sharewise.serve.answers import as_json
from sharewise.serve.scorer import Scorer
from sharewise.tasks import Array

# Texts that one request gives to a batch before the next request has its turn.
_TURN = 16
# Characters of a token, about: of Korean and Japanese fewer, of English more.
_CHARACTERS = 3
_SMOOTHING = 0.2
# Padded tokens that are computed at once: texts of like length, answered as soon as they are done, so that the next
# ones can be sent while the rest of the batch is computed.
_PIECE = 2048


class Full(Exception):
    """The queue has no room.

    Args:
        seconds: after which there is some, as it goes now.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the queue is full; try again in {seconds} s")
        self.seconds = seconds


@dataclass(eq=False)
class _Request:
    texts: list[Text]
    tasks: list[str]
    json: bool
    told: bool = True
    future: Future[Any] = field(default_factory=Future)
    taken: int = 0
    done: int = 0
    scores: dict[str, Array] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)

    @property
    def result(self) -> dict[str, Array] | list[str]:
        return self.answers if self.json else self.scores


class Batcher:
    """Computes what is submitted, in batches over requests.

    A batch takes up to 16 texts from each waiting request in turn until its budget is full, so that a large request
    doesn't hold small ones up. It begins when the budget is full, or when its first text has waited long enough.

    Args:
        scorer: what computes.
        batch_tokens: tokens of a batch, about.
        wait: seconds that a text waits for company.
        capacity: texts that may wait.
        lanes: batches that are computed at a time, each by a thread of its own.
        on_batch: is told of texts and seconds of every batch but those that warm up.
    """

    def __init__(
        self,
        scorer: Scorer,
        *,
        batch_tokens: int = 4096,
        wait: float = 0.004,
        capacity: int = 4096,
        lanes: int = 1,
        on_batch: Callable[[int, float], None] | None = None,
    ) -> None:
        self.scorer = scorer
        self.batch_tokens = batch_tokens
        self.wait = wait
        self.capacity = capacity
        self.on_batch = on_batch or (lambda texts, seconds: None)
        self._longest = max(model.max_length for model in scorer.models)
        self._changed = threading.Condition()
        self._requests: deque[_Request] = deque()
        self._waiting = self._tokens = 0
        self._rate = 0.0
        self._closed = self._gathering = False
        self._lanes = [
            threading.Thread(target=self._run, name=f"lane-{i}", daemon=True) for i in range(lanes)
        ]
        for lane in self._lanes:
            lane.start()

    @property
    def waiting(self) -> int:
        """Texts in the queue."""
        return self._waiting

    @property
    def open(self) -> bool:
        """Whether it takes requests and its threads live."""
        return not self._closed and all(lane.is_alive() for lane in self._lanes)

    def submit(
        self, texts: Sequence[Text], tasks: Sequence[str], *, patience: float = 0.0
    ) -> Future[dict[str, Array]]:
        """Queue texts; the future gives their scores, ``(texts, task.outputs)`` by task.

        Args:
            texts: that were checked before.
            tasks: of the model, in its order.
            patience: seconds to wait for room.

        Raises:
            Full: where there is no room.
            RuntimeError: after `close`.
        """
        request = _Request(list(texts), list(tasks), json=False)
        shapes = {task: (len(texts), self.scorer.tasks[task].outputs) for task in tasks}
        request.scores = {task: np.zeros(shape, dtype=np.float32) for task, shape in shapes.items()}
        return self._queued(request, patience)

    def submit_json(self, texts: Sequence[Text], tasks: Sequence[str]) -> Future[list[str]]:
        """Queue texts; the future gives a JSON object a text, of its answers by task. See `submit`."""
        request = _Request(list(texts), list(tasks), json=True)
        request.answers = [""] * len(texts)
        return self._queued(request, 0.0)

    def warm(self) -> None:
        """Compute the largest batches, of long texts and of short ones, in all lanes at once, and a lone text.

        The first batch is slow, and no client shall wait for it; and memory that a later one needs is taken now, so
        that who watches the server sees it grow no more.
        """
        for characters in (self._longest * _CHARACTERS * 2, _CHARACTERS):
            texts = ["a " * (characters // 2)] * max(1, self.batch_tokens // self._size("a" * characters))
            self._warm(texts * len(self._lanes))
        self._warm(["a"])

    def close(self) -> None:
        """Take no more requests, finish those that were taken, and end the threads."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for lane in self._lanes:
            lane.join()

    def _warm(self, texts: Sequence[Text]) -> None:
        request = _Request(
            list(texts), list(self.scorer.tasks), json=True, told=False, answers=[""] * len(texts)
        )
        self._queued(request, 0.0).result()

    def _queued(self, request: _Request, patience: float) -> Future[Any]:
        texts = request.texts
        if not texts:
            request.future.set_result(request.result)
            return request.future
        size = sum(map(self._size, texts))
        with self._changed:
            room = self._changed.wait_for(
                lambda: self._closed or not self._waiting or self._waiting + len(texts) <= self.capacity,
                patience,
            )
            if self._closed:
                raise RuntimeError("the batcher is closed")
            if not room:
                raise Full(self._seconds())
            self._requests.append(request)
            self._waiting += len(texts)
            self._tokens += size
            # A lane waits for the first text, and then for as many as it computes together.
            if len(self._requests) == 1 or self._tokens >= self.batch_tokens:
                self._changed.notify_all()
        return request.future

    def _seconds(self) -> int:
        """Seconds until half the queue is done, as fast as it went of late."""
        return max(1, min(60, math.ceil(self._waiting / 2 / self._rate))) if self._rate else 1

    def _size(self, text: Text) -> int:
        characters = sum(map(len, said_in(text)))
        return min(self._longest, characters // _CHARACTERS + 3)

    def _run(self) -> None:
        while batch := self._next():
            started = time.perf_counter()
            texts = [request.texts[i] for request, i in batch]
            tasks = dict.fromkeys(task for request, _ in batch for task in request.tasks)
            try:
                for rows, scores in self.scorer.pieces(texts, self.scorer.chosen(tasks), batch_tokens=_PIECE):
                    self._give([batch[row] for row in rows], scores)
            except Exception as error:
                self._fail(batch, error)
                continue
            seconds = time.perf_counter() - started
            self._learn(len(self._lanes) * len(texts) / seconds)
            if told := sum(request.told for request, _ in batch):
                self.on_batch(told, seconds)

    def _learn(self, rate: float) -> None:
        """Take in how many texts a second one batch would make of all lanes."""
        with self._changed:
            self._rate = rate if not self._rate else self._rate + _SMOOTHING * (rate - self._rate)

    def _next(self) -> list[tuple[_Request, int]]:
        """Wait for work and for its company, then take a batch; empty when all is done and closed."""
        with self._changed:
            while True:
                # One lane gathers at a time: two would share the company out between them.
                self._changed.wait_for(lambda: (self._requests or self._closed) and not self._gathering)
                if not self._requests:
                    return []
                self._gathering = True
                self._changed.wait_for(lambda: self._closed or self._tokens >= self.batch_tokens, self.wait)
                self._gathering = False
                # Nothing is taken where nobody waits for an answer any more.
                if batch := self._taken():
                    return batch

    def _taken(self) -> list[tuple[_Request, int]]:
        batch: list[tuple[_Request, int]] = []
        tokens = 0
        while self._requests:
            request = self._requests.popleft()
            first = request.taken
            if request.future.cancelled():
                self._forget(request.texts[first:])
                continue
            while request.taken < min(first + _TURN, len(request.texts)):
                size = self._size(request.texts[request.taken])
                if batch and tokens + size > self.batch_tokens:
                    break
                tokens += size
                batch.append((request, request.taken))
                request.taken += 1
            taken = request.taken - first
            self._forget(request.texts[first : request.taken])
            if request.taken < len(request.texts):
                # Its turn comes again, after the others'.
                self._requests.append(request) if taken else self._requests.appendleft(request)
                if taken < _TURN:
                    break
        self._changed.notify_all()
        return batch

    def _forget(self, texts: Sequence[Text]) -> None:
        """Take texts out of the counts."""
        self._waiting -= len(texts)
        self._tokens -= sum(map(self._size, texts))

    def _give(self, piece: list[tuple[_Request, int]], scores: dict[str, Array]) -> None:
        """Give texts of one piece their scores; requests that have all of them are answered."""
        items = {}
        if any(request.json for request, _ in piece):
            tasks, cuts = self.scorer.tasks, self.scorer.thresholds
            items = {name: as_json(tasks[name], block, cuts.get(name)) for name, block in scores.items()}
        for row, (request, text) in enumerate(piece):
            if request.json:
                request.answers[text] = f"{{{','.join([items[task][row] for task in request.tasks])}}}"
            else:
                for task in request.tasks:
                    request.scores[task][text] = scores[task][row]
        for request in self._finished(piece):
            if request.future.set_running_or_notify_cancel():
                request.future.set_result(request.result)

    def _finished(self, piece: list[tuple[_Request, int]]) -> list[_Request]:
        """Count texts that have their scores; return the requests that have all of them now."""
        counts = Counter(request for request, _ in piece)
        # Another lane may have texts of the same request.
        with self._changed:
            for request, texts in counts.items():
                request.done += texts
            return [request for request in counts if request.done == len(request.texts)]

    def _fail(self, batch: list[tuple[_Request, int]], error: Exception) -> None:
        with self._changed:
            for request in dict.fromkeys(request for request, _ in batch):
                if request in self._requests:
                    self._requests.remove(request)
                    self._forget(request.texts[request.taken :])
                if not request.future.done() and request.future.set_running_or_notify_cancel():
                    request.future.set_exception(error)
