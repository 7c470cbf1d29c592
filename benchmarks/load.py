"""A bounded load on one HTTP server on loopback: clients that wait for their answers, or a fixed rate of requests.

It reads requests' bodies from a file of JSON lines and prints what it saw as one JSON object. It runs in a process of
its own, and speaks just as much HTTP/1.1 as it needs, so that it costs the machine little.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import time
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path


class Connection(asyncio.Protocol):
    """One connection that is kept; `ask` gives the status of the answer."""

    def __init__(self) -> None:
        self.seen = b""
        self.answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See Protocol."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """See Protocol."""
        self.seen += data
        head, found, body = self.seen.partition(b"\r\n\r\n")
        if not found:
            return
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        if len(body) >= int(lower[at:].split(b"\r\n", 1)[0]):
            self.seen = b""
            if self.answer is not None and not self.answer.done():
                self.answer.set_result(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        """See Protocol."""
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(ConnectionError("the server closed the connection"))

    async def ask(self, request: bytes) -> int:
        """Send a request and wait for its answer."""
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


class Load:
    """What clients do, and what they see."""

    def __init__(self, port: int, requests: list[bytes]) -> None:
        self.port = port
        self.requests = itertools.cycle(requests)
        self.statuses: Counter[str] = Counter()
        self.seconds: list[float] = []

    async def connect(self) -> Connection:
        """Open a connection."""
        _, made = await asyncio.get_running_loop().create_connection(Connection, "127.0.0.1", self.port)
        return made

    async def one(self, connection: Connection) -> bool:
        """One request; whether its connection can be used again."""
        began = time.perf_counter()
        try:
            status = await asyncio.wait_for(connection.ask(next(self.requests)), 120)
        except (OSError, TimeoutError) as error:
            self.statuses[type(error).__name__] += 1
            return False
        if status == 200:
            self.seconds.append(time.perf_counter() - began)
        self.statuses[str(status)] += 1
        return True

    async def closed(self, clients: int, until: float) -> None:
        """So many clients, each of which asks again when it was answered."""

        async def client() -> None:
            connection = await self.connect()
            while time.perf_counter() < until:
                if not await self.one(connection):
                    connection = await self.connect()

        await asyncio.gather(*(client() for _ in range(clients)))

    async def paced(self, rate: float, most: int, until: float) -> int:
        """So many requests a second whatever becomes of them, over at most so many connections.

        Returns:
            Requests that were not sent, because no connection was free.
        """
        free = deque([await self.connect() for _ in range(most)])
        running: set[asyncio.Task[None]] = set()
        unsent = 0

        async def ask(connection: Connection) -> None:
            # Servers close connections that nobody has used for some seconds.
            if connection.transport.is_closing():
                connection = await self.connect()
            free.append(connection if await self.one(connection) else await self.connect())

        for due in _ticks(rate, until):
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if free:
                task = asyncio.create_task(ask(free.popleft()))
                running.add(task)
                task.add_done_callback(running.discard)
            else:
                unsent += 1
        await asyncio.gather(*running)
        return unsent


def _ticks(rate: float, until: float) -> Iterator[float]:
    now = time.perf_counter()
    while now < until:
        yield now
        now += 1 / rate


async def main() -> None:
    """Load a server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--bodies", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--rate", type=float, help="requests a second; as the answers come if left out")
    options = parser.parse_args()
    requests = [
        b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (options.path.encode(), len(body), body)
        for body in options.bodies.read_bytes().splitlines()
    ]
    load = Load(options.port, requests)
    began = time.perf_counter()
    unsent = 0
    if options.rate is None:
        await load.closed(options.clients, began + options.seconds)
    else:
        unsent = await load.paced(options.rate, options.clients, began + options.seconds)
    found = sorted(load.seconds)
    milliseconds = {
        q: round(1000 * found[int(q * (len(found) - 1))], 2) if found else None for q in (0.5, 0.99)
    }
    print(
        json.dumps(
            {
                "seconds": time.perf_counter() - began,
                "answered": len(found),
                "statuses": load.statuses,
                "median": milliseconds[0.5],
                "p99": milliseconds[0.99],
                "unsent": unsent,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
