"""The reports as files."""

from __future__ import annotations

from pathlib import Path

from sharewise.compare.results import Results
from sharewise.files import write_text
from sharewise.report.as_html import html
from sharewise.report.as_markdown import markdown


def write_reports(results: Results, folder: Path) -> dict[str, Path]:
    """Write report.md and report.html; both are made before either is written, and each appears whole.

    Returns:
        The files by format: `markdown` and `html`.
    """
    made = {"markdown": ("report.md", markdown(results)), "html": ("report.html", html(results))}
    written = {}
    for name, (file, text) in made.items():
        written[name] = folder / file
        write_text(written[name], text)
    return written
