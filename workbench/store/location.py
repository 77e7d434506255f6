"""Where the store lies when nobody says."""

from __future__ import annotations

import os
import tomllib
from contextlib import suppress
from pathlib import Path

from workbench.paths import working_folder

__all__ = ["default_path", "make_folder"]


def default_path(start: Path | None = None) -> Path:
    """``WORKBENCH_STORE``; else ``data/workbench.duckdb`` of the project around; else in the user's data folder.

    A project is a folder whose ``pyproject.toml`` has a ``[tool.workbench]`` table or is the workbench's own.
    ``start`` is the working directory by default.
    """
    named = os.environ.get("WORKBENCH_STORE", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    here = (start or Path(working_folder() or os.devnull)).absolute()  # a deleted one is in no project
    for folder in (here, *here.parents):
        if _is_project(folder / "pyproject.toml"):
            return folder / "data" / "workbench.duckdb"
    import platformdirs

    return platformdirs.user_data_path("workbench") / "workbench.duckdb"


def make_folder(folder: Path) -> None:
    """Create the store's folder. A new one in a git checkout is ignored by git, as profiles are no sources."""
    if folder.is_dir():
        return
    made = next((f for f in (*reversed(folder.parents), folder) if not f.exists()), folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any((parent / ".git").exists() for parent in made.parents):
        with suppress(OSError), (made / ".gitignore").open("x", encoding="utf-8") as file:
            file.write("*\n")


def _is_project(file: Path) -> bool:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # absent, unreadable or someone else's broken file: not ours to judge
        return False
    tool = document.get("tool")
    if isinstance(tool, dict) and "workbench" in tool:
        return True
    project = document.get("project")
    own = isinstance(project, dict) and project.get("name") == "workbench"
    return own and (file.parent / "workbench" / "store").is_dir()
