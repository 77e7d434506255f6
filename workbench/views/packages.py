"""Which package a file belongs to, and the colour-blind-safe colours that tell packages apart.

The palette is Paul Tol's *light* qualitative scheme (https://sronpersonalpages.nl/~pault/, made for black text
on colour): orange for the user's own code, greys for the standard library and built-ins, the rest for libraries.
Waiting has a lilac of its own and is striped besides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from zlib import crc32

import numpy as np

from workbench.calltree import CallTree
from workbench.paths import is_user_code

__all__ = ["COLOURS", "Package", "colours_of", "package_of", "ranked"]

COLOURS = {
    "user": ("#ee8866",),
    "library": ("#77aadd", "#44bb99", "#eedd88", "#ffaabb", "#99ddff", "#bbcc33", "#aaaa00"),
    "stdlib": ("#b4bccc",),
    "builtin": ("#dddddd",),
    "await": ("#dccfee",),
    "instrumentation": ("#c9bda6",),
}
"""Box colours by kind of package; libraries past the last colour share the built-ins' grey."""

_IN_C = ("", "<built-in>", "<native>", "<unknown>")


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """``kind`` is "user", "library", "stdlib", "builtin" (also generated code), "await" or "instrumentation"."""

    kind: str
    name: str


def package_of(file: str) -> Package:
    """The package of a checkout-independent file name as in ``model.Frame``."""
    if file.startswith("<site>/"):
        first = PurePosixPath(file).parts[1:2]
        return Package("library", first[0].removesuffix(".py") if first else "<site>")
    if file.startswith(("<stdlib>", "<frozen ")):  # importlib and the like are Python, too
        return Package("stdlib", "standard library")
    if file == "<await>":
        return Package("await", "await")
    if file == "<instrumentation>":
        return Package("instrumentation", "instrumentation")
    if not file or (file.startswith("<") and not is_user_code(file)):
        return Package("builtin", "built-in" if file in _IN_C else "generated")
    return Package("user", "own code") if is_user_code(file) else Package("library", file.partition("/")[0])


def ranked(weights: dict[Package, int]) -> list[tuple[Package, str]]:
    """Packages with their colours, heaviest first.

    A library's name chooses its colour, so that it looks the same in most pictures; where two choose one, the
    lighter takes the next that is free.
    """
    free = list(COLOURS["library"])
    ordered = sorted(weights, key=lambda package: (-weights[package], package))
    return [(p, _library_colour(p.name, free) if p.kind == "library" else COLOURS[p.kind][0]) for p in ordered]


def colours_of(trees: Iterable[CallTree]) -> dict[Package, str]:
    """The colours of packages for several pictures that stand together: each package has the same in all."""
    weights: dict[Package, int] = {}
    for tree in trees:
        by_frame = np.bincount(tree.node_frame, weights=tree.self_ns(), minlength=len(tree.frames))
        for frame, weight in zip(tree.frames, by_frame.tolist(), strict=True):
            package = package_of(frame.file)
            weights[package] = weights.get(package, 0) + int(weight)
    return dict(ranked(weights))


def _library_colour(name: str, free: list[str]) -> str:
    palette = COLOURS["library"]
    preferred = crc32(name.encode("utf-8", "surrogatepass")) % len(palette)
    for colour in palette[preferred:] + palette[:preferred]:
        if colour in free:
            free.remove(colour)
            return colour
    return COLOURS["builtin"][0]
