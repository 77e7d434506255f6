"""Between us and a Java server: ``python -m workbench.services.graph.server``, started by ``start_graph``.

It starts the JVM, waits until it answers, restarts it on request, and takes it along when the parent goes.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import neo4j
from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError

from workbench.services.child import Channel, run_child
from workbench.services.graph import arcadedb
from workbench.services.graph import neo4j as real
from workbench.services.graph.java import Jvm, free_port

__all__ = ["main"]

_START_TIMEOUT_S = 90.0
_POLL_S = 0.1


class GraphServer:
    """One JVM, its port and its credentials."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="workbench-graph-"))
        self.port = free_port()
        self.password = str(config["password"])
        self._first_password = ""
        self._jars = config.get("jars")
        if self._jars is None:
            self.user, self.database = arcadedb.USER, arcadedb.DATABASE
        else:
            self.user, self.database = real.USER, real.DATABASE
            self._first_password = "neo4j"  # every new Neo4j's, good for nothing but changing it
        self.jvm = self._jvm()

    def start(self) -> None:
        """Start, or start again; returns when ``RETURN 1`` answers."""
        self.jvm.start()
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            code = self.jvm.exited()
            if code is not None:
                raise RuntimeError(f"the Java process exited with code {code}: {self.jvm.last_words()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"no answer in {_START_TIMEOUT_S:g} s: {self.jvm.last_words()}")
            time.sleep(_POLL_S)

    def restart(self, *, kill: bool = False, read_only: bool = False) -> dict[str, Any]:
        """Stop and start on the same port with the same data; the answer to a control request."""
        self.jvm.stop(kill=kill)
        self.jvm = self._jvm(read_only=read_only)
        self.start()
        return {"pid": self.jvm.pid}

    def halt(self) -> dict[str, Any]:
        """Stop; ``restart`` brings it back."""
        self.jvm.stop(kill=True)
        return {}

    def close(self) -> None:
        self.jvm.stop(kill=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _jvm(self, *, read_only: bool = False) -> Jvm:
        if self._jars is None:
            return arcadedb.jvm(self.folder, self.port, self.password, read_only=read_only)
        return real.jvm(self.folder, self.port, Path(self._jars), read_only=read_only)

    def _answers(self) -> bool:
        try:
            if self._first_password:
                self._change_password()
            with self._driver(self.password) as driver, driver.session(database=self.database) as session:
                session.run("RETURN 1").consume()  # ArcadeDB begins no transaction on a read-only database
        except AuthError:
            raise
        except (DriverError, Neo4jError, OSError):
            return False
        return True

    def _change_password(self) -> None:
        with self._driver(self._first_password) as driver, driver.session(database="system") as session:
            session.run(
                "ALTER CURRENT USER SET PASSWORD FROM $old TO $new", old=self._first_password, new=self.password
            ).consume()
        self._first_password = ""

    def _driver(self, password: str) -> neo4j.Driver:
        return neo4j.GraphDatabase.driver(
            f"bolt://127.0.0.1:{self.port}",
            auth=(self.user, password),
            connection_timeout=5,
            connection_acquisition_timeout=10,
            max_transaction_retry_time=0,
        )


def main(config: dict[str, Any], channel: Channel) -> None:
    """Serve until the parent goes. ``config``: kind, password, and for Neo4j the folder of its jars."""
    server = GraphServer(config)
    channel.cleanups.append(server.close)
    try:
        server.start()
    except ClientError as error:
        raise RuntimeError(str(error)) from error
    channel.operations |= {
        "restart": server.restart,
        "halt": server.halt,
    }
    channel.ready(
        {
            "port": server.port,
            "user": server.user,
            "database": server.database,
            "folder": str(server.folder),
            "java_pid": server.jvm.pid,
            "pid": os.getpid(),
        }
    )
    threading.Event().wait()


if __name__ == "__main__":
    run_child(main)
