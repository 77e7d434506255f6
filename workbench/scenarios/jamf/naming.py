"""Names that are unique and stay the same from export to export, made from names that people gave."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

__all__ = ["slug", "unique_slugs"]

_LONGEST = 60
_OTHER = re.compile(r"[^a-z0-9]+")


def slug(name: str) -> str:
    """Lower-case ASCII letters, digits and underscores: a Terraform name and, on any file system, a file name.

    >>> slug("Café – Installer (v2)")
    'cafe_installer_v2'
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    text = _OTHER.sub("_", ascii_only.lower()).strip("_")[:_LONGEST].rstrip("_")
    if not text:
        return "unnamed"
    return f"n{text}" if text[0].isdigit() else text


def unique_slugs(names: Mapping[int, str]) -> dict[int, str]:
    """A slug for each id; where slugs collide, each of them gets its id as a suffix, whatever the order."""
    slugs = {number: slug(name) for number, name in names.items()}
    while True:
        uses = Counter(slugs.values())
        collisions = [number for number, text in slugs.items() if uses[text] > 1]
        if not collisions:
            return slugs
        for number in collisions:
            slugs[number] += f"_{number}"
