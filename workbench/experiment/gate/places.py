"""Where each side's code lies and what of it is importable."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from workbench.experiment.gate.side import Place

__all__ = ["new_place", "own_modules", "places_of"]


def places_of(root: Path, folder: Path, checkout: Path, python: Path) -> tuple[Place, Place]:
    """The baseline's place and the new code's; ``folder`` is where the new side works, at or below ``root``.

    Both import from the same folders of their checkout: its root, ``src``, ``folder`` and its ``src``, and whatever
    else of the work tree is on our import path.
    """
    relative = _relative_roots(root, folder)
    there = checkout / folder.relative_to(root)
    with suppress(OSError):  # a folder that the baseline lacks: ../perf.py must mean the same file from there
        there.mkdir(parents=True, exist_ok=True)
    base = Place("base", checkout, there if there.is_dir() else checkout, _existing(checkout, relative), python)
    return base, new_place(root, folder)


def new_place(root: Path, folder: Path) -> Place:
    """The new code's place alone, where there is no baseline to run."""
    return Place("new", root, folder, _existing(root, _relative_roots(root, folder)))


def _relative_roots(root: Path, folder: Path) -> list[Path]:
    inside = [Path(), Path("src"), folder.relative_to(root), folder.relative_to(root) / "src"]
    return list(dict.fromkeys([*_on_our_path(root), *inside]))


def _existing(root: Path, relative: list[Path]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for each in relative if (path := root / each).is_dir()))


def _on_our_path(root: Path) -> Iterator[Path]:
    """Folders of the work tree that we import from, its virtual environments left out."""
    for entry in (*sys.path, *_editable_folders()):
        path = Path(os.path.abspath(entry or "."))  # noqa: PTH100 - as Python takes it, links and all
        inside = path.is_relative_to(root) and path.is_dir()
        if inside and "site-packages" not in path.parts and not path.is_relative_to(sys.prefix):
            yield path.relative_to(root)


def _editable_folders() -> Iterator[str]:
    """Where setuptools' finders of editable installs look: they are on no path."""
    for finder in sys.meta_path:
        module = sys.modules.get(getattr(finder, "__module__", ""))
        mapping = getattr(module, "MAPPING", None)
        if isinstance(mapping, dict):
            yield from (str(Path(str(target)).parent) for target in mapping.values())


def own_modules(root: Path, folder: Path) -> tuple[str, ...]:
    """Top-level modules that the project installs under its name: they must come from the checkouts."""
    for candidate in dict.fromkeys((folder, root)):
        name = _project_name(candidate / "pyproject.toml")
        if not name:
            continue
        try:
            distribution = metadata.distribution(name)
        except (metadata.PackageNotFoundError, ValueError):
            continue
        listed = (distribution.read_text("top_level.txt") or "").split()
        files = (str(file) for file in distribution.files or ())
        tops = {f.partition("/")[0].removesuffix(".py") for f in files if f.endswith(".py")}
        return tuple(sorted(t for t in {*listed, *tops} if re.fullmatch(r"[^\W\d]\w*", t) and t[:2] != "__"))
    return ()


def _project_name(file: Path) -> str:
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return ""
    return str(project.get("name", "")) if isinstance(project, dict) else ""
