"""The report of a notebook: its text, code and saved outputs as one page that runs nothing of what it holds.

A notebook is a file from anywhere. Its Markdown may hold no HTML, its HTML passes a sanitiser, pictures are inert
images, text is text. Flame graphs that the workbench drew are live where the store has their run, else the saved
picture. Nothing is executed: what the page shows is what was saved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import UsageError
from workbench.model import utc_now
from workbench.redaction import redact
from workbench.reporting.cells import CellRenderer
from workbench.reporting.model import CONFIDENTIAL
from workbench.reporting.page import page_html
from workbench.reporting.plain import markdown_title, visible
from workbench.views.numbers import format_number_of
from workbench.views.tables import html_text

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["Notebook", "notebook_html", "read_notebook"]

_DROPPED = "So are code, printed text and all outputs but the flame graphs of runs in the store."
_LARGEST = 200_000_000  # bytes; a page that a browser opens is far smaller


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook of format 4 as it was saved."""

    name: str
    cells: tuple[Mapping[str, Any], ...]
    language: str = "python"
    kernel: str = ""

    @property
    def title(self) -> str:
        """The first heading, else the file's name."""
        for cell in self.cells:
            if cell.get("cell_type") == "markdown":
                return markdown_title(joined(cell.get("source"))) or self.name
        return self.name


def joined(text: object) -> str:
    """A multi-line string, which a notebook may hold as a list of lines."""
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""


def read_notebook(path: Path) -> Notebook:
    """The file's cells. Raises ``UsageError`` for what is no notebook of format 4."""
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is larger than {_LARGEST // 1_000_000} MB: clear some outputs first")
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"can't read the notebook {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no notebook: it isn't JSON") from error
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list) or document.get("nbformat") != 4:
        raise UsageError(f"{path} is no notebook of format 4: open it in JupyterLab and save it again")
    metadata = _mapping(document.get("metadata"))
    return Notebook(
        name=path.name,
        cells=tuple(cell for cell in cells if isinstance(cell, dict)),
        language=str(_mapping(metadata.get("language_info")).get("name") or "python"),
        kernel=str(_mapping(metadata.get("kernelspec")).get("display_name") or ""),
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def notebook_html(path: Path, store: Store, *, confidential: bool = False, plotly: bool = False) -> str:
    """The whole page; with ``plotly`` also charts that bring a picture are live (4.8 MB).

    Raises ``UsageError`` for a bad file and ``MissingExtra`` without the notebook extra.
    """
    notebook = read_notebook(path)
    renderer = CellRenderer(store, notebook.language, confidential=confidential, plotly=plotly)
    body = "".join(map(renderer.cell, _untitled(notebook))) or '<p class="note">This notebook has no cells.</p>'
    return page_html(
        renderer.said(notebook.title),
        header=_header(notebook, renderer, confidential=confidential),
        main=f'<div class="notebook">{body}</div>',
        footer=f"Written {utc_now():%Y-%m-%d %H:%M} UTC by workbench from the notebook as it was saved. "
        "This page is one file and asks no network for anything.",
        plotly=renderer.has_plotly,
    )


def _untitled(notebook: Notebook) -> list[Mapping[str, Any]]:
    """The cells; a title that the first one starts with stands at the head of the page already."""
    cells = list(notebook.cells)
    if cells and cells[0].get("cell_type") == "markdown":
        source = joined(cells[0].get("source"))
        first, _, rest = source.lstrip().partition("\n")
        if first.startswith("# ") and markdown_title(first) == notebook.title:
            cells[0] = {**cells[0], "source": rest}
    return cells


def _header(notebook: Notebook, renderer: CellRenderer, *, confidential: bool) -> str:
    kernel = "" if confidential else redact(notebook.kernel)  # its name is often the project's
    facts = [redact(notebook.name), kernel or notebook.language, format_number_of(len(notebook.cells), "cell")]
    if renderer.live:
        facts.append(f"{format_number_of(len(renderer.live), 'live flame graph')} from the store")
    shown = "".join(f"<li>{html_text(fact)}</li>" for fact in facts)
    secret = f'<p class="warning">{html_text(CONFIDENTIAL)} {_DROPPED}</p>' if confidential else ""
    title = html_text(visible(renderer.said(notebook.title)))
    return f'<p class="brand">workbench</p><h1>{title}</h1><ul class="facts">{shown}</ul>{secret}'
