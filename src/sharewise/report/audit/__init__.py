"""The audit on the terminal and as an HTML page, from audit.json alone."""

from pathlib import Path

from rich.console import Console

from sharewise.audit import Audit
from sharewise.files import write_text
from sharewise.report.as_html import page
from sharewise.report.as_terminal import print_document
from sharewise.report.audit.content import compose


def print_audit(audit: Audit, console: Console) -> None:
    """Print the audit to fit the console's width."""
    print_document(compose(audit), console)


def write_audit(audit: Audit, folder: Path) -> Path:
    """Write audit.html and return its path."""
    path = folder / "audit.html"
    write_text(path, page(compose(audit)))
    return path


__all__ = ["print_audit", "write_audit"]
