"""HTML elements whose text is escaped unless it is markup already."""

from __future__ import annotations

import re
from html import escape


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


_VOID = {"meta", "link", "br", "wbr", "hr"}


def tag(name: str, *children: str | Markup, **attributes: str | bool | None) -> Markup:
    """One element.

    Args:
        name: of the element.
        children: text, which is escaped, or markup, which is not.
        attributes: `class_` is `class`, `data_sort` is `data-sort`; None and False leave one out, True has no value.
    """
    parts = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        attribute = key.rstrip("_").replace("_", "-")
        parts.append(f" {attribute}" if value is True else f' {attribute}="{escape(value)}"')
    opening = f"<{name}{''.join(parts)}>"
    return Markup(opening) if name in _VOID else Markup(f"{opening}{join(children)}</{name}>")


def join(children: tuple[str, ...] | list[Markup]) -> Markup:
    """Children in a row, text escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escape(child) for child in children))


def marked(text: str) -> Markup:
    """Text in which what stands between backticks is code."""
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", escape(text)))


def breakable(name: str) -> Markup:
    """A name that may break after its underscores, so that long ones fit narrow columns."""
    return Markup(escape(name).replace("_", "_<wbr>"))
