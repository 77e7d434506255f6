"""A flame graph as a cell shows it: live in a running notebook, a still picture and a table everywhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.notebook.live import Answer, announce, live_html

if TYPE_CHECKING:
    from workbench.notebook.widget import FlameGraphWidget

__all__ = ["FlameGraph"]


class FlameGraph:
    """What ``wb.flamegraph`` and its kin return.

    ``payload`` is what ``views.payload.encode`` made; ``still`` is HTML without a script and ``text`` plain text,
    for wherever no script runs. ``height`` is the live view's, in CSS pixels at most.
    """

    def __init__(self, payload: bytes, *, still: str, text: str, height: int = 480) -> None:
        self.payload = payload
        self.still = still
        self.text = text
        self.height = height

    @property
    def live_id(self) -> str:
        """Names the content: the same picture has the same id in every output and every run of the notebook."""
        return f"flamegraph-{hashlib.sha256(self.payload).hexdigest()[:16]}"

    def opened(self) -> Answer:
        return {"kind": "flamegraph", "options": {"height": self.height}}, [self.payload]

    def asked(self, question: Mapping[str, Any]) -> Answer | None:
        return None

    def widget(self) -> FlameGraphWidget:
        """The same as a Jupyter widget, for layouts of widgets and for front ends that show nothing else live.

        What a widget shows isn't saved with the notebook. Raises ``MissingExtra`` without anywidget.
        """
        from workbench.errors import MissingExtra

        try:
            from workbench.notebook.widget import FlameGraphWidget
        except ImportError as error:
            raise MissingExtra("anywidget", "notebook") from error
        return FlameGraphWidget(payload=self.payload, height=self.height)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        announce(self)
        return {"text/plain": self.text, "text/html": live_html(self.live_id, self.still)}

    def __repr__(self) -> str:
        return self.text
