"""Prometheus metrics of one server, over all its processes where it has several."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Where the processes of one server gather their numbers; prometheus_client reads it.
DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_TEXTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Metrics:
    """Counters and histograms, each app's own.

    Args:
        waiting: gives the number of texts in the queue.
    """

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._waiting = waiting
        self._gauge = Gauge(
            "sharewise_queue_texts", "Texts that wait", registry=self._registry, multiprocess_mode="livesum"
        )
        self._requests = Counter(
            "sharewise_requests", "Requests answered", ("path", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "sharewise_request_seconds",
            "Time to an answer",
            ("path",),
            registry=self._registry,
            buckets=_SECONDS,
        )
        self._texts = Counter("sharewise_texts", "Texts scored", registry=self._registry)
        self._batches = Histogram(
            "sharewise_batch_texts", "Texts computed together", registry=self._registry, buckets=_TEXTS
        )
        self._computing = Counter("sharewise_batch_seconds", "Time spent computing", registry=self._registry)

    def on_request(self, path: str, status: int, seconds: float) -> None:
        """A request was answered; `path` is one that the server knows, so that labels stay few."""
        self._gauge.set(self._waiting())
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def on_batch(self, texts: int, seconds: float) -> None:
        """A batch was computed."""
        # Again and again, as another process may be asked.
        self._gauge.set(self._waiting())
        self._texts.inc(texts)
        self._batches.observe(texts)
        self._computing.inc(seconds)

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        self._gauge.set(self._waiting())
        registry = self._registry
        if DIRECTORY_VARIABLE in os.environ:
            _forget_the_dead(Path(os.environ[DIRECTORY_VARIABLE]))
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """Let processes that were replaced have no queue any more; what they have counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        process = int(file.stem.rpartition("_")[2])
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            mark_process_dead(process)  # type: ignore[no-untyped-call]
