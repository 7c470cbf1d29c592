"""The guide lists every field of audit.json, and says what it means."""

from __future__ import annotations

from pathlib import Path

from audit.tables import rows

_PAGE = Path(__file__).parents[2] / "docs" / "guide" / "audit.md"


def test_the_guide_lists_every_field_and_no_other():
    text = _PAGE.read_text(encoding="utf-8").partition("## audit.json")[2]
    listed = [line for line in text.splitlines() if line.startswith("| `")]
    assert listed == rows()


def test_every_field_is_described():
    assert [row for row in rows() if row.endswith("| None |")] == []
