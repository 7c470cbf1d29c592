"""Reading results.json."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from sharewise.compare.fairness import audited
from sharewise.compare.results import SCHEMA, Results
from sharewise.errors import UserError


def load_results(path: Path) -> Results:
    """Read results.json, or the one in a study's folder, and look for unfairness in it.

    Raises:
        UserError: where there is none, or it isn't one of this schema.
    """
    file = path / "results.json" if path.is_dir() else path
    if not file.is_file():
        raise UserError(
            f"{path}: there is no results.json",
            expected="a study's folder below runs/, or its results.json",
            action="run `sharewise compare STUDY` first",
        )
    try:
        return audited(Results.model_validate_json(file.read_bytes()))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UserError(
            f"{file}: {place}: this is not a results.json that this version ({SCHEMA}) reads",
            action="run `sharewise compare STUDY` again: runs on disk are not trained anew",
        ) from None
