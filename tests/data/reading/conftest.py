from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sharewise.data.reading import Records, read_records

Reader = Callable[..., Records]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Write a file and read it: ``read("a.csv", "text,label\\nx,1\\n", "text", "label")``."""

    def read_content(name: str, content: str | bytes, *columns: str, encoding: str | None = None) -> Records:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_records(
            name, folder=tmp_path, columns=columns or None, encoding=encoding, key="data.reviews.train"
        )

    return read_content


def rows(records: Records) -> Sequence[tuple[object, ...]]:
    return records.frame.rows()
