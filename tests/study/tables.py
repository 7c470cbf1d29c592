"""The rows that the guide's tables must have, made from the schema."""

import re

from sharewise.study import Study
from sharewise.study.keys import Alternative, Key, field_alternatives, walk
from sharewise.study.wording import default_text, words
from sharewise.tasks import KINDS, TaskOptions


def rows() -> list[str]:
    """One row a key; one a kind where kinds of task differ in it."""
    found = []
    for key in walk(Study):
        if key.name == "kind":
            field, types = TaskOptions.model_fields["kind"], ", ".join(_tag(kind) for kind in KINDS)
        else:
            field, types = (
                key.field,
                re.sub(r"a mapping of .*", "a mapping", words(field_alternatives(key.field))),
            )
        path = ".".join(key.path) + (f" ({_tag(key.owner)})" if _differs(key) else "")
        default = "required" if field.is_required() else default_text(field) or "–"
        found.append(f"| `{path}` | {types} | {default} | {field.description} |")
    return list(dict.fromkeys(found))


def _tag(model: type) -> str:
    return Alternative(model).tag or ""


def _differs(key: Key) -> bool:
    """Whether a task's key isn't one that all kinds share."""
    shared = TaskOptions.model_fields.get(key.name)
    return (
        bool(_tag(key.owner))
        and key.name != "kind"
        and (shared is None or key.field.description != shared.description)
    )
