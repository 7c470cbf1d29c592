"""Texts of many clients, computed together: one thread, a budget of tokens, a bounded queue."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from sharewise.data.turn import Text, said_in
from sharewise.serve.scorer import Scorer
from sharewise.tasks import Array

# Texts that one request gives to a batch before the next request has its turn.
_TURN = 16
# Characters of a token, about: of Korean and Japanese fewer, of English more.
_CHARACTERS = 3
_SMOOTHING = 0.2


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
    future: Future[dict[str, Array]]
    taken: int = 0
    done: int = 0
    found: dict[str, Array] = field(default_factory=dict)


class Batcher:
    """Computes what is submitted, in batches over requests.

    A batch takes up to 16 texts from each waiting request in turn until its budget is full, so that a large request
    doesn't hold small ones up. It begins when the budget is full, or when its first text has waited long enough.

    Args:
        scorer: what computes.
        batch_tokens: padded tokens of a batch, about.
        wait: seconds that a text waits for company.
        capacity: texts that may wait.
        on_batch: is told of texts and seconds of every batch.
    """

    def __init__(
        self,
        scorer: Scorer,
        *,
        batch_tokens: int = 8192,
        wait: float = 0.004,
        capacity: int = 4096,
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
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Texts in the queue."""
        return self._waiting

    @property
    def open(self) -> bool:
        """Whether it takes requests and its thread lives."""
        return not self._closed and self._thread.is_alive()

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
        request = _Request(list(texts), list(tasks), Future())
        if not texts:
            request.future.set_result({t: np.zeros((0, self.scorer.tasks[t].outputs)) for t in tasks})
            return request.future
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
            self._tokens += sum(map(self._size, texts))
            self._changed.notify_all()
        return request.future

    def close(self) -> None:
        """Take no more requests, finish those that were taken, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _seconds(self) -> int:
        """Seconds until half the queue is done, as fast as it went of late."""
        return max(1, min(60, math.ceil(self._waiting / 2 / self._rate))) if self._rate else 1

    def _size(self, text: Text) -> int:
        characters = sum(map(len, said_in(text)))
        return min(self._longest, characters // _CHARACTERS + 3)

    def _run(self) -> None:
        while batch := self._next():
            started = time.perf_counter()
            texts = [request.texts[i] for request, rows in batch for i in rows]
            tasks = dict.fromkeys(task for request, _ in batch for task in request.tasks)
            try:
                scores = self.scorer.scores(texts, self.scorer.chosen(tasks))
            except Exception as error:
                self._fail(batch, error)
                continue
            self._give(batch, scores)
            seconds = time.perf_counter() - started
            rate = len(texts) / seconds
            self._rate = rate if not self._rate else self._rate + _SMOOTHING * (rate - self._rate)
            self.on_batch(len(texts), seconds)

    def _next(self) -> list[tuple[_Request, range]]:
        """Wait for work and for its company, then take a batch; empty when all is done and closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._requests or self._closed)
            if not self._requests:
                return []
            self._changed.wait_for(lambda: self._closed or self._tokens >= self.batch_tokens, self.wait)
            return self._taken()

    def _taken(self) -> list[tuple[_Request, range]]:
        batch: list[tuple[_Request, range]] = []
        longest = count = 0
        while self._requests:
            request = self._requests.popleft()
            first = request.taken
            if request.future.cancelled():
                self._forget(request, len(request.texts))
                continue
            while request.taken < min(first + _TURN, len(request.texts)):
                size = self._size(request.texts[request.taken])
                if batch and max(longest, size) * (count + 1) > self.batch_tokens:
                    break
                longest, count = max(longest, size), count + 1
                request.taken += 1
            taken = range(first, request.taken)
            if taken:
                batch.append((request, taken))
                self._forget(request, len(taken), first)
            if request.taken < len(request.texts):
                # Its turn comes again, after the others'.
                self._requests.append(request) if taken else self._requests.appendleft(request)
            if len(taken) < _TURN and request.taken < len(request.texts):
                break
        self._changed.notify_all()
        return batch

    def _forget(self, request: _Request, texts: int, first: int | None = None) -> None:
        """Take texts out of the counts: those from `first` on, or all that weren't taken."""
        begin = request.taken if first is None else first
        gone = request.texts[begin : begin + texts]
        self._waiting -= len(gone)
        self._tokens -= sum(map(self._size, gone))

    def _give(self, batch: list[tuple[_Request, range]], scores: dict[str, Array]) -> None:
        place = 0
        for request, rows in batch:
            for task in request.tasks:
                block = scores[task][place : place + len(rows)]
                whole = request.found.setdefault(
                    task, np.empty((len(request.texts), *block.shape[1:]), dtype=block.dtype)
                )
                whole[rows.start : rows.stop] = block
            place += len(rows)
            request.done += len(rows)
            if request.done == len(request.texts) and request.future.set_running_or_notify_cancel():
                request.future.set_result(request.found)

    def _fail(self, batch: list[tuple[_Request, range]], error: Exception) -> None:
        with self._changed:
            for request, _ in batch:
                if request in self._requests:
                    self._requests.remove(request)
                    self._forget(request, len(request.texts))
                if not request.future.done() and request.future.set_running_or_notify_cancel():
                    request.future.set_exception(error)
