"""How a server is run, and what it refuses."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

from pydantic import Field

from sharewise.errors import UserError
from sharewise.options import Options
from sharewise.serve.engines import EngineName

TOKEN_VARIABLE = "SHAREWISE_TOKEN"


class ServeOptions(Options):
    """Address, limits and batching of one server."""

    model: Path = Field(description="the model's folder")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8000, ge=0, le=65535, description="0 takes a free one")
    workers: int = Field(default=1, ge=1, le=64, description="processes, each with the model in its memory")
    engine: EngineName = Field(default="auto", description="what computes")
    token: str | None = Field(default=None, min_length=16, repr=False, description="what clients must send")
    max_body: int = Field(default=2 << 20, ge=1024, description="bytes of a request")
    max_file: int = Field(default=64 << 20, ge=1024, description="bytes of a file to be scored")
    max_texts: int = Field(default=256, ge=1, description="texts (or pairs) of a request")
    max_characters: int = Field(default=20_000, ge=16, description="of one text")
    queue: int = Field(default=4096, ge=1, description="texts that may wait; more are refused with 429")
    batch_tokens: int = Field(default=4096, ge=16, description="tokens that are taken together, about")
    lanes: int | None = Field(
        default=None,
        ge=1,
        le=64,
        description="batches that are computed at a time; by the machine if left out",
    )
    wait: float = Field(default=0.004, ge=0.0, le=1.0, description="seconds that a text waits for company")
    grace: int = Field(default=30, ge=1, description="seconds in which a stopping server finishes its work")


def find_token(file: Path | None, host: str) -> str | None:
    """Return the bearer token from a file or the environment.

    Raises:
        UserError: where there is none and the address is not loopback, or it is too short to be one.
    """
    token = os.environ.get(TOKEN_VARIABLE)
    if file is not None:
        try:
            token = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"--token-file: {file} can't be read ({error})") from None
    token = (token or "").strip() or None
    if token is None and not is_loopback(host):
        raise UserError(
            f"--host {host}: everybody who reaches this machine could use the model",
            expected="a bearer token, unless the server listens on loopback alone",
            action=f"set {TOKEN_VARIABLE}, or name a file with `--token-file`",
        )
    if token is not None and (
        len(token) < 16 or not token.isascii() or not token.isprintable() or " " in token
    ):
        raise UserError(
            "the bearer token is shorter than 16 characters, or has others than printable ASCII without spaces",
            action="make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
        )
    return token


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
