"""The frame of every page: one file that asks no network for anything and runs only its own scripts.

The Content-Security-Policy admits the page's own scripts and styles by their SHA-256 digests (CSP Level 2), images
from ``data:`` and nothing else, so that a name that slipped through as markup still could do nothing. Trusted Types
(``require-trusted-types-for``) take the means away, too: no script of the page can make markup out of text.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache

from workbench.views.assets import module, read_static
from workbench.views.tables import html_text

__all__ = ["page_html", "policy", "safe_json"]

_INJECTED = re.compile(r'getElementById\("([0-9a-f]{64})"\)')  # plotly's map library looks for its own style sheet
_EMPTY_STYLE = ""  # plotly adds an empty <style> and fills it through the CSSOM
_PACKAGE = "workbench.reporting"


def safe_json(value: object) -> str:
    """JSON that can stand inside a ``<script>`` element whatever its strings hold."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _digest(text: str) -> str:
    """The source expression that admits an inline script or style of this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(scripts: Sequence[str], styles: Sequence[str], *, trusted_types: bool = True) -> str:
    """The Content-Security-Policy of a page with these inline scripts and styles."""
    rules = [
        "default-src 'none'",
        f"script-src {' '.join(map(_digest, scripts))}",
        f"style-src {' '.join(map(_digest, styles))}",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    if trusted_types:
        rules += ["require-trusted-types-for 'script'", "trusted-types 'none'"]
    return "; ".join(rules)


@cache
def _plotly() -> str:
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs())


def page_html(title: str, *, header: str, main: str, footer: str, plotly: bool = False) -> str:
    """The whole page. ``title`` is text; ``header``, ``main`` and ``footer`` are HTML whose text is escaped.

    ``plotly`` adds plotly.js (4.8 MB) for figures in the page; it makes markup itself, so Trusted Types are off.
    """
    style = read_static("flamegraph.css") + read_static("report.css", _PACKAGE)
    script = module(read_static("report.js", _PACKAGE))
    scripts, styles = [script], [style]
    if plotly:
        scripts.append(_plotly())
        styles.append(_EMPTY_STYLE)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy(scripts, styles, trusted_types=not plotly)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
        f"<title>{html_text(title)} · workbench</title><style>{style}</style></head>"
        f"<body><header>{header}</header><main>{main}</main><footer>{footer}</footer>"
        f'<script type="module" async>{script}</script>{_plotly_html() if plotly else ""}</body></html>\n'
    )


def _plotly_html() -> str:
    """plotly.js. It leaves out a style sheet for maps, which the policy refuses, if an element has its id."""
    script = _plotly()
    present = "".join(f'<span id="{found}" hidden></span>' for found in _INJECTED.findall(script))
    return f"{present}<script>{script}</script>"
