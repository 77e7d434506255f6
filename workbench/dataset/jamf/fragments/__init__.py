"""The text that generated scripts are composed of, as package data.

``@NAME@`` is a placeholder; ``#@ name`` begins a fragment that defines the function ``name_@SLUG@``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["fill", "fragments", "text"]

_PLACEHOLDER = re.compile(r"@([A-Z_]+)@")


@cache
def text(name: str) -> str:
    """The file ``name``.txt as it is."""
    return (files(__name__) / f"{name}.txt").read_text(encoding="utf-8")


@cache
def fragments(name: str) -> tuple[tuple[str, str], ...]:
    """The fragments of ``name``.txt: (name, text), in the file's order."""
    parts = re.split(r"^#@ (\w+)\n", text(name), flags=re.MULTILINE)
    return tuple(zip(parts[1::2], parts[2::2], strict=True))


def fill(template: str, values: Mapping[str, str]) -> str:
    """``template`` with its placeholders replaced.

    Raises:
        KeyError: a placeholder without a value.
    """
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)
