"""A real Neo4j 5.26 LTS from its published artefacts, where a JDK 17+ and Maven are at hand.

Neo4j's community edition is under the GPL: it is fetched to the user's cache and run beside us, never shipped.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import platformdirs

from workbench.errors import ServiceStartFailed
from workbench.services.graph.java import Jvm, jdk_version

__all__ = ["DATABASE", "USER", "VERSION", "jars", "jvm", "missing"]

VERSION = "5.26.30"
DATABASE = "neo4j"
USER = "neo4j"

_JDK = 17
_TIMEOUT_S = 600
_HERE = Path(__file__).parent


def missing() -> str:
    """What is not at hand to run Neo4j with, as a phrase; empty if nothing."""
    version = jdk_version()
    wanted = []
    if version < _JDK:
        wanted.append(f"a JDK {_JDK} or newer ({f'found {version}' if version else 'no javac on the path'})")
    if shutil.which("java") is None:
        wanted.append("java on the path")
    if not _cached() and shutil.which("mvn") is None:
        wanted.append("Maven (no mvn on the path)")
    return " and ".join(wanted)


def jars() -> Path:
    """The folder of Neo4j's jars; the first time Maven fetches them, some 120 MB. Raises ServiceStartFailed."""
    if lacking := missing():
        raise ServiceStartFailed(
            f"Neo4j {VERSION} can't be run: {lacking} is missing; use the embedded server or NEO4J_URI"
        )
    folder = _folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # parallel tests fetch once
        if not _cached():
            _fetch(folder)
    return folder


def jvm(folder: Path, port: int, library: Path, *, read_only: bool = False) -> Jvm:
    """The server, not yet started; its first user and password are neo4j and neo4j."""
    java = shutil.which("java") or "java"
    options = ["-Xmx512m", "-XX:+UseSerialGC", "-Djava.awt.headless=true"]
    launcher = str(_HERE / "Launcher.java")
    arguments = [str(folder / "home"), str(port), *([DATABASE] if read_only else [])]
    return Jvm(java, [*options, "-cp", str(library / "*"), launcher, *arguments], folder)


def _folder() -> Path:
    base = os.environ.get("WORKBENCH_NEO4J_JARS")
    return Path(base) if base else Path(platformdirs.user_cache_dir("workbench")) / f"neo4j-{VERSION}"


def _cached() -> bool:
    return (_folder() / f"neo4j-{VERSION}.jar").is_file()


def _fetch(folder: Path) -> None:
    command = ["mvn", "-B", "-q", "-f", str(_HERE / "pom.xml"), "dependency:copy-dependencies"]
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".neo4j-") as scratch:
        library = Path(scratch) / "lib"
        options = [
            "-DincludeScope=runtime",
            f"-Dneo4j.version={VERSION}",
            f"-DoutputDirectory={library}",
        ]
        try:
            done = subprocess.run(
                [*command, *options], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, cwd=scratch
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServiceStartFailed(f"Maven could not fetch Neo4j {VERSION}: {error}") from error
        if done.returncode or not (library / f"neo4j-{VERSION}.jar").is_file():
            said = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
            raise ServiceStartFailed(
                f"Maven could not fetch Neo4j {VERSION}: {' | '.join(said[:2]) or 'no reason'}"
            )
        shutil.rmtree(folder, ignore_errors=True)
        library.rename(folder)
