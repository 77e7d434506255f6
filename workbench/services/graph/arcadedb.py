"""The embedded server: ArcadeDB's Bolt plug-in on the Java runtime that comes in its wheel.

It speaks Bolt and openCypher and starts in seconds, but it is not Neo4j: a failing auto-commit statement keeps its
rows, a violated constraint shows at commit, two concurrent MERGEs of one relationship can both make it, and there
is no ``PROFILE`` with database hits.
"""

from __future__ import annotations

import secrets
import sys
from importlib.util import find_spec
from pathlib import Path

from workbench.errors import MissingExtra
from workbench.services.graph.java import Jvm

__all__ = ["DATABASE", "USER", "check_installed", "jvm"]

DATABASE = "azure"
USER = "root"


def check_installed() -> None:
    """Raises MissingExtra."""
    if find_spec("arcadedb_embedded") is None:
        raise MissingExtra("arcadedb-embedded", "services")


def jvm(folder: Path, port: int, password: str, *, read_only: bool = False) -> Jvm:
    """The server, not yet started; ``read_only`` is how it opens the databases that exist by then."""
    package = _package()
    java = package / "jre" / "bin" / ("java.exe" if sys.platform == "win32" else "java")
    settings = {
        "server.rootPath": str(folder),
        "server.databaseDirectory": str(folder / "databases"),
        "server.configDirectory": str(folder / "config"),
        "server.logsDirectory": str(folder / "logs"),
        "server.backupDirectory": str(folder / "backups"),
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "server.rootPassword": password,
        "server.defaultDatabaseMode": "READ_ONLY" if read_only else "READ_WRITE",
        "server.defaultDatabases": f"{DATABASE}[{USER}]",
        "server.httpIncomingHost": "127.0.0.1",
        "server.httpIncomingPort": "0",
        "bolt.host": "127.0.0.1",
        "bolt.port": str(port),
        "bolt.defaultDatabase": DATABASE,
        "ha.clusterToken": secrets.token_urlsafe(16),
    }
    arguments = ["-Xmx512m", "-XX:+UseSerialGC", "-Djava.awt.headless=true", "--enable-native-access=ALL-UNNAMED"]
    arguments += [f"-Darcadedb.{name}={value}" for name, value in settings.items()]
    return Jvm(
        str(java), [*arguments, "-cp", str(package / "jars" / "*"), "com.arcadedb.server.ArcadeDBServer"], folder
    )


def _package() -> Path:
    # Not imported: the package would start a JVM of its own in this process.
    spec = find_spec("arcadedb_embedded")
    if spec is None or spec.origin is None:
        raise MissingExtra("arcadedb-embedded", "services")
    return Path(spec.origin).parent
