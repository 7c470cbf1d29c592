"""What affinity found, on the terminal and as an HTML page, from affinity.json alone."""

from pathlib import Path

from rich.console import Console

from sharewise.compare.affinity import Affinity
from sharewise.files import write_text
from sharewise.report.affinity.content import compose
from sharewise.report.as_html import page
from sharewise.report.as_terminal import print_document


def print_affinity(affinity: Affinity, console: Console) -> None:
    """Print the affinities to fit the console's width."""
    print_document(compose(affinity), console)


def write_affinity(affinity: Affinity, folder: Path) -> Path:
    """Write affinity.html and return its path."""
    path = folder / "affinity.html"
    write_text(path, page(compose(affinity)))
    return path


__all__ = ["print_affinity", "write_affinity"]
