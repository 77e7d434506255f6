"""The baseline's checkout: a git worktree of our own, which is gone afterwards, however the gate ends."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.experiment.gate.repository import GitFailed, Repository

__all__ = ["checked_out", "remove_stale"]

_PREFIX = "workbench-gate-"
_OURS = re.compile(re.escape(_PREFIX) + r"(\d+)-")


@contextmanager
def checked_out(repository: Repository, commit: str) -> Iterator[Path]:
    """The commit's files in a folder of their own: ``<temporary folder>/checkout``, beside which there is room.

    Hooks don't run, and the user's branches, index and other worktrees are not touched. What an earlier gate left
    because it was killed is removed first.
    """
    remove_stale(repository)
    outer = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")).resolve()
    checkout = outer / "checkout"
    try:
        try:
            repository.git("worktree", "add", "--quiet", "--detach", "--force", str(checkout), commit)
        except GitFailed as error:
            raise WorkbenchError(f"can't check out {commit[:12]} into {checkout}: git says: {error}") from None
        yield checkout
    finally:
        _remove(repository, checkout)


def remove_stale(repository: Repository) -> None:
    """Remove worktrees of gates whose process is gone; those of others are left alone, also missing ones."""
    with suppress(GitFailed):
        for line in repository.git("worktree", "list", "--porcelain", "-z").split("\0"):
            path = Path(line.removeprefix("worktree ")) if line.startswith("worktree ") else None
            if path is None or not (ours := _OURS.match(path.parent.name)) or path.name != "checkout":
                continue
            if not _is_running(int(ours[1])):
                _remove(repository, path)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _remove(repository: Repository, checkout: Path) -> None:
    """Remove the checkout, git's record of it, and the folder around it."""
    record = _record(checkout)
    with suppress(GitFailed):
        repository.git("worktree", "remove", "--force", "--force", str(checkout))
    if record is not None:
        shutil.rmtree(record, ignore_errors=True)
    shutil.rmtree(checkout.parent, onerror=_writable)


def _record(checkout: Path) -> Path | None:
    """Where git keeps what it knows of the worktree: ``.git/worktrees/<name>``."""
    try:
        text = (checkout / ".git").read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    folder = Path(text.removeprefix("gitdir:").strip())
    return folder if folder.parent.name == "worktrees" else None


def _writable(function: object, path: str, _: object) -> None:
    """A read-only folder in the checkout: make it writable and try once more."""
    with suppress(OSError):
        Path(path).parent.chmod(0o700)
        Path(path).chmod(0o700)
        if Path(path).is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            Path(path).unlink()
