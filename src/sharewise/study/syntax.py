"""Errors of YAML's syntax, in words that say what to change."""

from __future__ import annotations

import re

import yaml

from sharewise.study.errors import Mistake, Place

_KEY = re.compile(r"^\s*(?:- )?[^\s#:'\"{\[][^:#]*:(?:\s|$)")
_GLUED = re.compile(r"^\s*(?:- )?[^\s#:'\"{\[]+:\S")
_QUOTE = "put the value in quotes"


def syntax_mistake(error: yaml.YAMLError, text: str) -> Mistake:
    """Say in plain words what PyYAML couldn't read, and where."""
    lines = text.splitlines()
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position)
        column = error.position - (text.rfind("\n", 0, error.position) + 1)
        return _mistake(
            lines, line, column, f"the control character U+{ord(chr(error.character)):04X}", "delete it"
        )
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Mistake(path=(), problem=f"this is no YAML: {error}")
    line, column = error.problem_mark.line, error.problem_mark.column
    opened = error.context_mark.line if error.context_mark else line
    problem, context = error.problem or "", error.context or ""
    here = lines[line] if line < len(lines) else ""
    if "'\\t'" in problem:
        return _mistake(lines, line, column, "a tab", "YAML is indented with spaces")
    if "<stream end>" in problem:
        return _mistake(lines, len(lines) - 1, 10**6, "the file ends, and a `[` or `{` is not closed")
    if "mapping values are not allowed" in problem:
        return _mapping(lines, line, column)
    if "could not find expected ':'" in problem:
        return _without_colon(lines, opened)
    if "${" in here and ("flow" in context or "'{'" in problem):
        return _mistake(lines, line, column, "`${…}` inside { } or [ ]", 'put the value in quotes: "${…}"')
    if "flow sequence" in context or "flow mapping" in context:
        bracket = "[" if "sequence" in context else "{"
        return _mistake(
            lines, line, column, f"a comma is missing, or the `{bracket}` of line {opened + 1} is not closed"
        )
    if "quoted scalar" in context:
        if "escape" in problem:
            return _mistake(
                lines, line, column, "a backslash inside double quotes", "use single quotes for paths with \\"
            )
        start = error.context_mark.column if error.context_mark else 0
        return _mistake(lines, opened, start, "a quote that is opened here is never closed")
    if "cannot start any token" in problem:
        character = here[column : column + 1]
        return _mistake(lines, line, column, f"a value can't begin with `{character}`", _QUOTE)
    if "alias" in problem or "alias" in context or "anchor" in context:
        return _mistake(lines, line, column, "`*` begins an alias, and there is no such anchor", _QUOTE)
    if "block scalar" in context:
        return _mistake(lines, line, column, "`|` and `>` begin a text on the lines below", _QUOTE)
    if "found another document" in problem or "document start" in problem:
        return _mistake(lines, line, column, "a second document begins here", "a study file is one mapping")
    if "expected <block end>" in problem:
        return _block(lines, line, column, problem)
    return _mistake(lines, line, column, f"this is no YAML: {problem}")


def _mapping(lines: list[str], line: int, column: int) -> Mistake:
    """A colon where no key can be: on this line, or because of the line above."""
    if re.search(r":\s", lines[line][:column]):
        return _mistake(
            lines, line, column, "a second `: ` on one line", "put a value that holds `: ` in quotes"
        )
    above = next(
        (n for n in range(line - 1, -1, -1) if lines[n].strip() and lines[n].strip()[0] != "#"), None
    )
    if above is not None and not _KEY.match(lines[above]):
        return _without_colon(lines, above)
    return _mistake(
        lines, line, column, "this line is indented deeper than the one above, which has a value already"
    )


def _without_colon(lines: list[str], line: int) -> Mistake:
    glued = _GLUED.match(lines[line])
    if glued:
        return _mistake(
            lines, line, glued.end() - 1, "a space is missing after the colon", "write `key: value`"
        )
    return _mistake(lines, line, 0, "this line has no colon", "write `key: value`, or `key:` above a block")


def _block(lines: list[str], line: int, column: int, problem: str) -> Mistake:
    if "'}'" in problem or "']'" in problem:
        return _mistake(lines, line, column, f"a `{lines[line][column : column + 1]}` that was never opened")
    if "<scalar>" in problem and re.search(r"['\"]", lines[line][:column]):
        return _mistake(
            lines, line, column, "something follows a closed quote", "quotes go around the whole value"
        )
    return _mistake(
        lines,
        line,
        column,
        "this line doesn't line up with the keys above",
        "keys of one mapping begin in the same column",
    )


def _mistake(lines: list[str], line: int, column: int, problem: str, expected: str | None = None) -> Mistake:
    line = min(line, max(0, len(lines) - 1))
    source = lines[line] if lines else ""
    column = min(column, len(source))
    place = Place(line=line + 1, source=source, key=(column, column + 1), value=None, column=column + 1)
    return Mistake(path=(), problem=problem, expected=expected, about_key=True, place=place)
