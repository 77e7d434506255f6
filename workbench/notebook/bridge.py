"""The one connection between this kernel and the pages that show its notebooks.

It is a widget model without a view: a page that gets it runs its script, and all content goes over its messages. A
payload travels once however often it is shown; a page that was reloaded asks for it again. Messages aren't a part
of a widget's state, so that no tool that saves widgets' states saves profiles with them. Importing this needs
anywidget.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import anywidget

from workbench.errors import WorkbenchError
from workbench.notebook.live import Answer, Live
from workbench.notebook.scripts import live_script, live_style

__all__ = ["Bridge", "bridge"]

_KEPT = 200
"""What a reloaded page can still get; older pictures stay still."""

log = logging.getLogger("workbench")


class Bridge(anywidget.AnyWidget):
    """Sends what is shown, and answers the pages' questions."""

    _esm = live_script()
    _css = live_style()

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self._shown: OrderedDict[str, Live] = OrderedDict()
        self.on_msg(self._on_message)

    def show(self, live: Live) -> None:
        """Send it to the page, unless it was sent already."""
        known = live.live_id in self._shown
        self._shown[live.live_id] = live
        self._shown.move_to_end(live.live_id)
        while len(self._shown) > _KEPT:
            self._shown.popitem(last=False)
        if not known:
            self._open(live)

    def _on_message(self, _: Any, question: Any, buffers: Any) -> None:
        """``{"to": id, "do": …}``; ``open`` asks for what was shown, also before the page was loaded."""
        live = self._shown.get(question.get("to", "")) if isinstance(question, Mapping) else None
        if live is None:
            return
        if question.get("do") == "open":
            self._open(live)
        elif (answer := _asked(live, question)) is not None:
            document, data = answer
            self.send({"from": live.live_id, **document}, data)

    def _open(self, live: Live) -> None:
        document, data = live.opened()
        self.send({"from": live.live_id, "do": "open", **document}, data)


def _asked(live: Live, question: Mapping[str, Any]) -> Answer | None:
    """The answer, or what went wrong in one line; a page can't show a traceback."""
    try:
        return live.asked(question)
    except WorkbenchError as error:
        return {"do": "failed", "of": question.get("do"), "error": str(error)}, []
    except Exception as error:
        log.exception("workbench: a page's question failed: %s", question.get("do"))
        return {"do": "failed", "of": question.get("do"), "error": f"{type(error).__name__}: {error}"}, []


_the_bridge: Bridge | None = None


def bridge() -> Bridge:
    """This kernel's bridge; a new one where somebody has closed all widgets."""
    global _the_bridge
    if _the_bridge is None or _the_bridge.comm is None:
        _the_bridge = Bridge()
    return _the_bridge
