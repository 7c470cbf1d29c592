"""Parquet files."""

from __future__ import annotations

import polars as pl

from sharewise.data.reading.records import Records, Request, no_records, select
from sharewise.data.reading.typed import plain
from sharewise.errors import UserError


def read_parquet(request: Request) -> Records:
    """Read the wanted columns of a Parquet file."""
    try:
        header = list(pl.read_parquet_schema(request.path))
        frame = pl.read_parquet(request.path, columns=list(select(request, header)))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UserError(
            f"{request.name}: the file can't be read as Parquet ({str(error).splitlines()[0]})",
            expected="a whole Parquet file",
        ) from None
    if frame.is_empty():
        raise no_records(request, "the file holds no rows")
    return Records(name=request.name, frame=plain(request, frame), lines=None, encoding=None)
