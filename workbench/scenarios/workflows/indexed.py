"""The same statement as ``latest_batch``, with an index in the order in which it reads."""

from __future__ import annotations

from workbench.scenarios.workflows.latest_batch import list_page

__all__ = ["list_page"]
