"""One arm written into a study file, everything else in it, comments too, left as it stands."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sharewise.errors import UserError
from sharewise.files import write_whole
from sharewise.study.loading import load_study
from sharewise.study.marks import dump_text, read_yaml

_INDENT = 2


def write_arm(file: Path, name: str, arm: Mapping[str, Any]) -> None:
    """Add an arm to a study file, or replace the one of that name.

    Args:
        file: a study file that loads.
        name: of the arm.
        arm: its keys; plain values.

    Raises:
        UserError: where the arm doesn't fit into the study, or the file can't be edited.
    """
    content = file.read_bytes()
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        edited = with_arm(content.removeprefix(mark).decode("utf-8"), name, arm)
    except UnicodeDecodeError:
        edited = None
    if edited is None:
        raise UserError(
            f"{file}: the arm could not be written without disturbing the rest of the file",
            action=f"add it by hand, under `arms`: {name}: {_flow(arm)}",
        )
    new = mark + edited.encode("utf-8")

    def write(beside: Path) -> None:
        beside.write_bytes(new)
        try:
            load_study(beside)
        except UserError as error:
            raise UserError(str(error).replace(str(beside), f"{file}, with the arm `{name}` in it")) from None

    write_whole(file, write)


def with_arm(text: str, name: str, arm: Mapping[str, Any]) -> str | None:
    """The text of a study file with an arm in it; None where it can't be put in so that all else stays."""
    before = read_yaml(text, _Names())
    if before.mistakes or not isinstance(before.value, dict):
        return None
    arms = before.value.get("arms")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or not isinstance(arms, dict | None):
        return None
    # Without `arms` there is one that is called hard; it must not go because another comes.
    arms = arms or {"hard": {"sharing": "hard"}}
    wanted = before.value | {"arms": arms | {name: dict(arm)}}
    end = "\r\n" if "\r\n" in text else "\n"
    edited = _edited(text, root, name, arm, end)
    return edited if edited is not None and read_yaml(edited, _Names()).value == wanted else None


def _edited(text: str, root: yaml.MappingNode, name: str, arm: Mapping[str, Any], end: str) -> str | None:
    section = next((value for key, value in root.value if key.value == "arms"), None)
    if section is None:
        if root.flow_style:
            arms = {"hard": {"sharing": "hard"}, name: arm}
            return _inserted(text, _after_last(root), f', "arms": {json.dumps(arms, ensure_ascii=False)}')
        block = ["arms:", "  hard: {sharing: hard}", *_lines(name, arm, _INDENT)]
        return text.rstrip() + end * 2 + end.join(block) + end
    if not isinstance(section, yaml.MappingNode) or not section.value:
        return None
    old = next(((key, value) for key, value in section.value if key.value == name), None)
    if section.flow_style:
        flow = json.dumps(arm, ensure_ascii=False)
        if old is not None:
            return text[: old[1].start_mark.index] + flow + text[old[1].end_mark.index :]
        return _inserted(text, _after_last(section), f", {json.dumps(name, ensure_ascii=False)}: {flow}")
    lines = end.join(_lines(name, arm, section.value[0][0].start_mark.column))
    if old is not None:
        start = text.rfind("\n", 0, old[0].start_mark.index) + 1
        return text[:start] + lines + text[_end(old[1]) :]
    line_end = text.find("\n", _end(section))
    if line_end < 0:
        return text + end + lines + end
    return _inserted(text, line_end + 1, lines + end)


def _end(node: yaml.Node) -> int:
    """Where a node's text ends; a block's own end mark lies beyond the comments that follow it."""
    while isinstance(node, (yaml.MappingNode, yaml.SequenceNode)) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _after_last(mapping: yaml.MappingNode) -> int:
    """Where the last entry of a mapping in braces ends."""
    return int(mapping.value[-1][1].end_mark.index)


def _inserted(text: str, at: int, piece: str) -> str:
    return text[:at] + piece + text[at:]


def _lines(name: str, arm: Mapping[str, Any], indent: int) -> list[str]:
    """An arm in block style, mappings one level deep, all below in brackets."""
    lines = [f"{' ' * indent}{dump_text(name)}:"]
    for key, value in arm.items():
        if isinstance(value, Mapping) and value:
            lines.append(f"{' ' * (indent + _INDENT)}{dump_text(key)}:")
            lines += [f"{' ' * (indent + 2 * _INDENT)}{dump_text(k)}: {_flow(v)}" for k, v in value.items()]
        else:
            lines.append(f"{' ' * (indent + _INDENT)}{dump_text(key)}: {_flow(value)}")
    return lines


def _flow(value: Any) -> str:
    """A value in brackets, its names without quotes where they need none."""
    if isinstance(value, str):
        return dump_text(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_flow(v) for v in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_flow(k)}: {_flow(v)}' for k, v in value.items())}}}"
    return json.dumps(value)


class _Names(dict[str, str]):
    """Environment in which every variable stands for itself, so that files can be compared unread."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"${{{name}}}"
