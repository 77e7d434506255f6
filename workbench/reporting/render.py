"""From the names that a user gave to a finished text: runs, sessions or a notebook, as HTML or Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import UsageError
from workbench.experiment.progress import Progress, silent
from workbench.reporting.confidential import confidential as made_confidential
from workbench.reporting.load import load_report
from workbench.reporting.markdown import report_markdown
from workbench.reporting.write import report_html

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["FORMATS", "form_of", "rendered"]

FORMATS = ("html", "md")
_HTML = {".html", ".htm"}
_MARKDOWN = {".md", ".markdown"}


def form_of(path: Path | None, form: str | None = None) -> str:
    """The form asked for, else the one that the file's name says, else HTML. Raises ``UsageError``."""
    if form is None:
        suffix = path.suffix.lower() if path is not None else ""
        if suffix not in {"", *_MARKDOWN, *_HTML}:
            raise UsageError(f"{path} names no form of a report: end it in .html or .md, or say which by --format")
        return "md" if suffix in _MARKDOWN else "html"
    if form not in FORMATS:
        raise UsageError(f"a report is written as {' or '.join(map(repr, FORMATS))}, not as {form!r}")
    return form


def rendered(
    store: Store,
    what: Sequence[str],
    form: str = "html",
    *,
    confidential: bool = False,
    plotly: bool = False,
    force: bool = False,
    progress: Progress = silent,
) -> str:
    """The report on ``what`` as ``form`` ("html" or "md"). Raises ``UsageError`` and ``RunNotFound``.

    ``plotly`` draws a ladder's chart with it, and a notebook's charts also where they bring a picture. ``force``
    gives the ratio of two runs that can't be compared all the same. ``progress`` is told of each run
    that is read and drawn.
    """
    notebooks = [name for name in what if name.lower().endswith(".ipynb")]
    if notebooks:
        progress(f"reading {Path(notebooks[0]).name}", 0, 1)
        return _notebook(store, what, form, confidential=confidential, plotly=plotly)
    report = load_report(store, what, progress, force=force)
    if confidential:
        report = made_confidential(report)
    return report_markdown(report) if form == "md" else report_html(report, plotly=plotly, progress=progress)


def _notebook(store: Store, what: Sequence[str], form: str, *, confidential: bool, plotly: bool) -> str:
    from workbench.reporting.notebook import notebook_html

    if len(what) > 1:
        raise UsageError("a notebook is a report of its own: name it alone")
    if form != "html":
        raise UsageError("a notebook's report is HTML; Markdown is for runs and sessions")
    return notebook_html(Path(what[0]), store, confidential=confidential, plotly=plotly)
