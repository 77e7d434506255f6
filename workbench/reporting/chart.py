"""plotly's charts in a page: data that the page's script draws."""

from __future__ import annotations

import json
from typing import Any

from workbench.reporting.page import safe_json
from workbench.reporting.plotly import plain_figure
from workbench.views.tables import html_text

__all__ = ["chart_html"]


def chart_html(figure: Any, label: str) -> str:
    """A plotly figure for a page with ``plotly=True``; ``label`` tells those who can't see it what it shows."""
    data = figure if isinstance(figure, dict) else json.loads(figure.to_json())
    return (
        f'<div class="chart" data-wb-chart role="img" aria-label="{html_text(label)}">'
        f'<script type="application/json">{safe_json(plain_figure(data))}</script></div>'
    )
