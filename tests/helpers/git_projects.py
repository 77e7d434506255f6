"""Small projects in git repositories of their own, for tests that need a history."""

from __future__ import annotations

import os
import subprocess
import textwrap
from pathlib import Path

__all__ = ["GitProject"]

_IDENTITY = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.org"}
_COMMITTER = {"GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.org"}


class GitProject:
    """A repository at ``root``. ``write`` changes files, ``commit`` keeps all of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    def commit(self, message: str = "change", files: dict[str, str] | None = None) -> str:
        """Commit everything there is, after writing ``files``; returns the commit."""
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        environment = {**os.environ, **_IDENTITY, **_COMMITTER, "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
        command = ["git", "-C", str(self.root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.strip()
