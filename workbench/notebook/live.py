"""Live views in place of still pictures, without a widget in the saved notebook.

A widget's view is blank in nbconvert's HTML and an error in a reopened notebook, so saved outputs hold none: they
hold HTML with a still picture, in an element that names what it stands for. In a running notebook ``bridge`` brings
the content to the page, where a script mounts the live view in place of the still one.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from workbench.views.tables import html_text

__all__ = ["Answer", "Live", "announce", "can_be_live", "live_html"]

Answer: TypeAlias = tuple[dict[str, Any], list[bytes]]
"""A JSON document and the buffers that travel with it."""


class Live(Protocol):
    """What a page can show live. ``live_id`` names it in the page; equal content may share an id."""

    @property
    def live_id(self) -> str: ...

    def opened(self) -> Answer:
        """What the page needs first: ``kind`` (``flamegraph`` or ``explorer``) and what that kind takes."""

    def asked(self, question: Mapping[str, Any]) -> Answer | None:
        """The answer to what a user did in the page; None for none."""


def live_html(live_id: str, still: str) -> str:
    """The element that a page's script fills; ``still`` (HTML) is what shows without it."""
    return f'<div class="wb-live" data-wb-live="{html_text(live_id)}"><div class="wb-still">{still}</div></div>'


def announce(live: Live) -> bool:
    """Bring it to the pages of this kernel; False where there is no kernel, or anywidget isn't installed."""
    if not can_be_live():
        return False
    from workbench.notebook.bridge import bridge

    bridge().show(live)
    return True


def can_be_live() -> bool:
    """Whether this is a Jupyter kernel with anywidget."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython.core.getipython import get_ipython

    if getattr(get_ipython(), "kernel", None) is None:
        return False
    try:
        import anywidget  # noqa: F401 - only whether it is there
    except ImportError:
        return False
    return True
