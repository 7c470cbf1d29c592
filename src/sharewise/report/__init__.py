"""Reports of a study's results: on the terminal, as Markdown, and as an HTML page."""

from sharewise.report.as_html import html
from sharewise.report.as_markdown import markdown
from sharewise.report.as_terminal import print_results
from sharewise.report.write import write_reports

__all__ = ["html", "markdown", "print_results", "write_reports"]
