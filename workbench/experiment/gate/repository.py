"""A git repository as the gate and the history read it: git itself is asked, and only worktrees are written."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.capture.worktree import has_changes
from workbench.errors import UsageError
from workbench.experiment.gate.model import Revision

__all__ = ["Commit", "GitFailed", "Repository", "git_environment"]

_TIMEOUT_S = 120.0
_FIELDS = "%H%x1f%h%x1f%cI%x1f%an%x1f%s"

_LOCAL_VARIABLES = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_NAMESPACE",
)
"""Set in a git hook, they would turn every command to the repository that the hook runs for."""


class GitFailed(Exception):
    """Git ended with an error; the text is its last line."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One line of ``git log``. ``when`` is the commit date as ISO 8601."""

    commit: str
    short: str
    when: str
    author: str
    subject: str


class Repository:
    """The repository around a folder. Raises ``UsageError`` where there is none, or no git."""

    def __init__(self, folder: Path) -> None:
        folder = folder.resolve()
        if shutil.which("git") is None:
            raise UsageError("git is not installed, so there is no baseline to check out: install git")
        try:
            root = self._run(folder, "rev-parse", "--show-toplevel")
        except GitFailed as error:
            hint = f" (git says: {error})" if "not a git repository" not in str(error) else ""
            raise UsageError(f"{folder} is not in a git work tree{hint}: a baseline needs one") from None
        self.root = Path(root.rstrip("\n")).resolve()

    def revision(self, name: str) -> Revision:
        """The commit that ``name`` means. Raises ``UsageError``."""
        try:
            commit = self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").strip()
        except GitFailed:
            commit = ""
        if not commit:
            if not self._succeeds("rev-parse", "--verify", "HEAD"):
                raise UsageError(f"{self.root} has no commit yet: there is no baseline")
            mend = "`git fetch` it, or name a commit, tag or branch that is there"
            if self.git("rev-parse", "--is-shallow-repository").strip() == "true":
                mend = "this clone is shallow: fetch more of it (`fetch-depth: 0` in CI)"
            raise UsageError(f"unknown revision {name!r}: git knows no such commit in {self.root}; {mend}")
        return Revision(name, commit, self.git("log", "-1", "--format=%s", commit).strip())

    def work_tree(self) -> Revision:
        """The checked-out commit, and whether its code differs from it (``capture.worktree``)."""
        try:
            commit = self.git("rev-parse", "--verify", "HEAD").strip()
        except GitFailed:
            raise UsageError(f"{self.root} has no commit yet: there is no baseline") from None
        dirty = has_changes(self.git)
        return Revision("", commit, self.git("log", "-1", "--format=%s", commit).strip(), dirty)

    def has_file(self, commit: str, path: Path) -> bool:
        """Whether the commit holds that file; ``path`` is relative to the root."""
        return self._succeeds("cat-file", "-e", f"{commit}:{path.as_posix()}")

    def file_at(self, commit: str, path: str) -> bytes | None:
        """The file's content in that commit; None if it has none."""
        if not self.has_file(commit, Path(path)):
            return None
        return self._bytes(self.root, "show", f"{commit}:{path}")

    def files_at(self, commit: str) -> list[str]:
        """All files of a commit, relative to the root."""
        listed = self._bytes(self.root, "ls-tree", "-r", "-z", "--name-only", commit)
        return [name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name]

    def order(self) -> list[str]:
        """Every commit that HEAD reaches, the oldest first, no commit before its parents."""
        return self.git("rev-list", "--topo-order", "--reverse", "HEAD").split()

    def knows(self, commit: str) -> bool:
        """Whether the repository holds that commit."""
        return self._succeeds("cat-file", "-e", f"{commit}^{{commit}}")

    def between(self, old: str, new: str) -> list[Commit]:
        """The commits after ``old`` up to ``new``, the newest first."""
        listed = self.git("log", f"--format={_FIELDS}", "-z", "--end-of-options", f"{old}..{new}")
        rows = (record.split("\x1f", 4) for record in listed.split("\0"))
        return [Commit(*row) for row in rows if len(row) == 5]

    def git(self, *arguments: str) -> str:
        """What git prints; raises ``GitFailed``."""
        return self._run(self.root, *arguments)

    def _succeeds(self, *arguments: str) -> bool:
        try:
            self._bytes(self.root, *arguments)
        except GitFailed:
            return False
        return True

    @classmethod
    def _run(cls, folder: Path, *arguments: str) -> str:
        return cls._bytes(folder, *arguments).decode("utf-8", "replace")

    @staticmethod
    def _bytes(folder: Path, *arguments: str) -> bytes:
        command: Sequence[str] = ("git", "-c", "core.hooksPath=/dev/null", "-C", str(folder), *arguments)
        try:
            answer = subprocess.run(
                command,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=_TIMEOUT_S,
                env=git_environment(),
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise GitFailed(str(error)) from error
        if answer.returncode:
            lines = answer.stderr.decode("utf-8", "replace").strip().splitlines()
            raise GitFailed(lines[-1] if lines else f"exit status {answer.returncode}")
        return answer.stdout


def git_environment() -> dict[str, str]:
    """Ours, without what a git hook sets; in English, without questions, without downloads of large files."""
    kept = {name: value for name, value in os.environ.items() if name not in _LOCAL_VARIABLES}
    return {
        **kept,
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
    }
