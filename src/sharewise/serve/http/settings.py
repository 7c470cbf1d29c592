"""From the command line to the options of a server, with an answer to every mistake."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from sharewise.errors import UserError, nearest
from sharewise.models.manifest import read_manifest
from sharewise.serve.engines import EngineName
from sharewise.serve.http.options import ServeOptions, find_token

_LIMITS = (
    "max_body",
    "max_file",
    "max_texts",
    "max_characters",
    "queue",
    "batch_tokens",
    "lanes",
    "wait",
    "grace",
)


def options_of(
    model: Path,
    host: str,
    port: int,
    workers: int,
    engine: EngineName,
    token_file: Path | None,
    settings: list[str],
) -> ServeOptions:
    """Check the model's folder, find the token, and read ``KEY=VALUE`` settings.

    Raises:
        UserError: where the folder is no model, a token is needed, or a setting is wrong.
    """
    read_manifest(model)
    given: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or name not in _LIMITS:
            close = nearest(name, _LIMITS)
            hint = f"; did you mean `{close}`?" if close else ""
            raise UserError(
                f"--set {setting}: there is no such limit{hint}",
                expected=f"KEY=VALUE of {', '.join(_LIMITS)}",
            )
        given[name] = value
    token = find_token(token_file, host)
    try:
        return ServeOptions.model_validate(
            {
                "model": model,
                "host": host,
                "port": port,
                "workers": workers,
                "engine": engine,
                "token": token,
                **given,
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise UserError(f"--set {name}={given.get(name, '')}: {first['msg']}") from None
