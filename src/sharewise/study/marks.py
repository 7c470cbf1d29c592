"""YAML with marks: values by the rules of YAML 1.2, and the place in the file where each of them stands."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from sharewise.errors import nearest
from sharewise.study.errors import KeyPath, Mistake, Place
from sharewise.study.syntax import syntax_mistake

_TAG = "tag:yaml.org,2002:"
_NO_WRAP = 1_000_000
_BRACKETED = re.compile(r"[\[\]{},#?]|: ")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")

# The core schema of YAML 1.2, in which `yes`, `on` and `1:30` are texts and `2e-5` is a number. Numbers with
# leading zeros, hexadecimals and octals stay texts too, for a label `007` must come out as it was written.
_CORE: tuple[tuple[str, str, str], ...] = (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+.0123456789",
    ),
    ("merge", r"<<", "<"),
)


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own name)


class _Dumper(yaml.SafeDumper):
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012


for _name, _pattern, _first in _CORE:
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(
            _TAG + _name, re.compile(rf"^(?:{_pattern})$"), [c.strip("\0") for c in _first]
        )


@dataclass
class Document:
    """One YAML document: its values, and where they stand.

    Attributes:
        value: plain dicts, lists, texts, numbers, Booleans and None; keys are texts as they were written.
        places: for each path of keys the place of its key (of the item in lists).
        written: the source text of each number, Boolean or null that isn't quoted.
        mistakes: what is wrong in the YAML itself, double keys for example; ``value`` is what could be read.
        removed: keys that the command line took away.
    """

    value: Any = None
    places: dict[KeyPath, Place] = field(default_factory=dict)
    written: dict[KeyPath, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    removed: set[KeyPath] = field(default_factory=set)


def read_yaml(text: str, environment: Mapping[str, str] = os.environ) -> Document:
    """Read one YAML document; ``${NAME}`` and ``${NAME:-default}`` in texts come from the environment."""
    document = Document()
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        document.mistakes.append(syntax_mistake(error, text))
        return document
    except RecursionError:
        document.mistakes.append(Mistake(path=(), problem="brackets are nested too deeply"))
        return document
    if node is not None:
        document.value = _Reader(document, text.splitlines(), environment).value(node, ())
    return document


def dump_yaml(value: Any) -> str:
    """Write a value so that ``read_yaml`` gives it back."""
    text: str = yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_NO_WRAP)
    return text


def dump_text(text: str) -> str:
    """Write a text on one line, in quotes where it would be read as something else, in brackets too."""
    # PyYAML writes `:0` without quotes, and doesn't read it again inside brackets.
    plain = text.isprintable() and not _BRACKETED.search(text) and not text.startswith(":")
    style = None if plain else '"'
    written: str = yaml.dump(text, Dumper=_Dumper, allow_unicode=True, default_style=style, width=_NO_WRAP)
    return written.removesuffix("...\n").rstrip("\n")


class _Reader:
    """Turns PyYAML's nodes into values, and notes their places."""

    def __init__(self, document: Document, lines: list[str], environment: Mapping[str, str]) -> None:
        self.document = document
        self.lines = lines
        self.environment = environment
        self.open: set[int] = set()

    def value(self, node: yaml.Node, path: KeyPath) -> Any:
        if id(node) in self.open:
            self._mistake(path, "an alias (`*`) stands inside its own anchor (`&`)")
            return None
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return self._sequence(node, path)
            return self._scalar(node, path)
        finally:
            self.open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        first: dict[str, Place] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._mistake(path, "a key is a list or a mapping, and must be a plain name")
                continue
            name = key_node.value
            place = self._place(key_node, value_node)
            if key_node.tag == _TAG + "merge":
                merged = self._merged(value_node, path) | merged
            elif name in mapping:
                self._mistake((*path, name), f"this key is already on line {first[name].line}", place)
            else:
                first[name] = place
                self.document.places[(*path, name)] = place
                mapping[name] = self.value(value_node, (*path, name))
        return merged | mapping

    def _merged(self, node: yaml.Node, path: KeyPath) -> dict[str, Any]:
        """Read what ``<<:`` brings in: a mapping, or a list of them of which the first wins."""
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, Any] = {}
        for part in reversed(parts):
            value = self.value(part, path)
            if isinstance(value, dict):
                found |= value
            else:
                self._mistake(path, "`<<` takes a mapping, such as `<<: *name`", self._place(part, part))
        return found

    def _sequence(self, node: yaml.SequenceNode, path: KeyPath) -> list[Any]:
        values = []
        for index, item in enumerate(node.value):
            self.document.places[(*path, index)] = self._place(item, item)
            values.append(self.value(item, (*path, index)))
        return values

    def _scalar(self, node: yaml.Node, path: KeyPath) -> Any:
        kind = node.tag.removeprefix(_TAG)
        text: str = node.value
        if kind in ("str", "merge"):
            return self._substituted(text, path)
        try:
            value: Any = _CONVERTERS[kind](text)
        except (KeyError, ValueError):
            self._mistake(
                path, f"the tag `{node.tag.removeprefix(_TAG)}` can't be used here; write the plain value"
            )
            return None
        if isinstance(node, yaml.ScalarNode) and node.style is None:
            self.document.written[path] = text
        return value

    def _substituted(self, text: str, path: KeyPath) -> str:
        def variable(match: re.Match[str]) -> str:
            name, default = match.group(1), match.group(2)
            if name in self.environment:
                return self.environment[name]
            if default is None:
                self._mistake(
                    path,
                    f"the environment variable `{name}` is not set",
                    hint=nearest(name, self.environment),
                    expected=f"set it (export {name}=…), or give a default: ${{{name}:-…}}",
                )
            return default or ""

        return _VARIABLE.sub(variable, text)

    def _mistake(
        self,
        path: KeyPath,
        problem: str,
        place: Place | None = None,
        *,
        hint: str | None = None,
        expected: str | None = None,
    ) -> None:
        self.document.mistakes.append(
            Mistake(path=path, problem=problem, place=place, hint=hint, expected=expected)
        )

    def _place(self, key: yaml.Node, value: yaml.Node) -> Place:
        line = key.start_mark.line
        same_line = value.start_mark.line == value.end_mark.line == line
        return Place(
            line=line + 1,
            source=self.lines[line] if line < len(self.lines) else "",
            key=(key.start_mark.column, key.end_mark.column),
            value=(value.start_mark.column, value.end_mark.column) if same_line else None,
        )


_CONVERTERS: dict[str, Any] = {
    "null": lambda text: None,
    "bool": lambda text: text.lower() == "true",
    "int": int,
    "float": lambda text: float(text.lower().replace(".inf", "inf").replace(".nan", "nan")),
}
