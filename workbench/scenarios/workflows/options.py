"""The scenario's own options, given as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workbench.scenarios.option_texts import Readers, count, number, read_texts

__all__ = ["OPTIONS", "WorkflowOptions", "read_options"]


@dataclass(frozen=True, slots=True)
class WorkflowOptions:
    """``bad_payloads``: latest versions whose payload isn't JSON inside. Seconds for a connect and for a statement
    (``timeout_s``), and seconds after which retries end (``patience_s``). ``max_connections`` is the server's."""

    page_size: int = 50
    bad_payloads: int = 0
    timeout_s: float = 30.0
    patience_s: float = 10.0
    max_connections: int = 50


_READERS: Readers = {
    "page_size": count(1, 1000),
    "bad_payloads": count(0, 1000),
    "timeout_s": number(0.01, 3600),
    "patience_s": number(0.01, 3600),
    "max_connections": count(6, 1000),  # three are kept for superusers
    "latency_scale": number(0, 1000),  # every scenario takes it; Postgres is real and has no latency to scale
}

OPTIONS = tuple(_READERS)
"""The names of all options."""


def read_options(options: Mapping[str, str]) -> WorkflowOptions:
    """What the texts mean. Raises ``UsageError`` for an unknown name or a value that can't be read."""
    values = read_texts("workflows", _READERS, options)
    values.pop("latency_scale", None)
    return WorkflowOptions(**values)
