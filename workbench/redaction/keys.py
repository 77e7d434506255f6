"""Private keys in PEM's form: taken out first, as what else is looked for would take their marks apart."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["REDACTED", "private_keys"]

REDACTED: Final = "[redacted]"

_PEM = re.compile(
    r"-----BEGIN[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)


def private_keys(text: str) -> str:
    """The text without private keys; one that has no end takes all behind it along."""
    return _PEM.sub(REDACTED, text) if "PRIVATE KEY" in text else text
