"""The process between us and the server: ``python -m workbench.services.postgres.server``.

It makes a cluster in a folder of its own, starts ``postgres`` on a free port of 127.0.0.1, without a Unix socket,
and takes both along when its parent goes. Passwords are checked by SCRAM. What is kept is thrown away at the end,
so nothing is synced to disk: a setting for a laboratory, not for data that anybody wants back.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from workbench.services.child import Channel, run_child
from workbench.services.postgres.binaries import Account, account_to_run_as, installed, usable_by

__all__ = ["main"]

USER = "workbench"
START_TIMEOUT_S = 20.0
ATTEMPTS = 3
_READY_LINE = 7  # of postmaster.pid: "ready" once connections are taken (pidfile.h, LOCK_FILE_LINE_PM_STATUS)
_PR_SET_PDEATHSIG = 1

_LAB = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",  # statistics are gathered once, after loading: every round meets the same plans
    "log_min_error_statement": "panic",  # statements hold data
    "log_checkpoints": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
}


def main(config: dict[str, Any], channel: Channel) -> None:
    """Serve until the parent goes. ``config``: ``max_connections``, and ``settings`` of Postgres by name."""
    account = account_to_run_as()
    folder = Path(tempfile.mkdtemp(prefix="workbench-postgres-"))
    channel.cleanups.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    folder.chmod(
        0o700 if account is None else 0o711
    )  # the server's user passes through to the data, which is closed to others
    password = secrets.token_urlsafe(24)
    programs = usable_by(account, installed(), folder) / "bin"
    data = _initialise(programs / "initdb", folder, account, password)
    settings = _LAB | {"max_connections": str(config["max_connections"])} | config["settings"]
    started = _start(programs / "postgres", data, account, settings)
    if started is None:  # its own last words, which are on stderr, say why
        channel.exit(1)
    server, port = started
    channel.cleanups.insert(0, lambda: _stop(server))
    channel.ready(
        {"host": "127.0.0.1", "port": port, "user": USER, "password": password, "folder": str(folder)}
        | {"server_pid": server.pid}
    )
    code = server.wait()
    sys.stderr.write(f"postgres ended with code {code}\n")


def _initialise(program: Path, folder: Path, account: Account | None, password: str) -> Path:
    """A new cluster; its superuser's password reaches initdb by a file that only it can read, and is gone after."""
    home = folder / "home"
    home.mkdir(mode=0o700)
    secret = home / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if account is not None:
        os.chown(secret, account.uid, account.gid)
        os.chown(home, account.uid, account.gid)
    data = home / "data"
    command = [program, "--pgdata", data, "--username", USER, "--pwfile", secret, "--auth=scram-sha-256"]
    command += ["--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    command += ["--no-sync", "--no-instructions"]
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        **_as(account),
    )
    secret.unlink()
    if done.returncode:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        raise RuntimeError(f"initdb failed with code {done.returncode}")
    return data


def _start(
    program: Path, data: Path, account: Account | None, settings: dict[str, str]
) -> tuple[subprocess.Popen[bytes], int] | None:
    """The server on a free port; another one is tried if somebody takes it first."""
    for _ in range(ATTEMPTS):
        port = _free_port()
        server = subprocess.Popen(
            _command(program, data, port, settings), preexec_fn=_bound_to_us(), **_as(account)
        )
        if _wait_until_ready(server, data / "postmaster.pid"):
            return server, port
        _stop(server)
    return None


def _command(program: Path, data: Path, port: int, settings: dict[str, str]) -> Sequence[str]:
    fixed = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    chosen = (("-c", f"{name}={value}") for name, value in {**settings, **fixed}.items())
    return [str(program), "-D", str(data), *(part for pair in chosen for part in pair)]


def _as(account: Account | None) -> dict[str, Any]:
    """The user, and nothing of our environment but what a program needs: it may hold secrets."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
    who: dict[str, Any] = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    return {**who, "env": environment, "cwd": "/", "stdin": subprocess.DEVNULL}


def _bound_to_us() -> Callable[[], None] | None:
    """On Linux the kernel ends the server at once if this very process is killed before it can clean up.

    Elsewhere the server ends within a minute, when it finds its folder gone.
    """
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    library = ctypes.CDLL(None)
    return lambda: library.prctl(_PR_SET_PDEATHSIG, int(signal.SIGQUIT))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(server: subprocess.Popen[bytes], lock_file: Path) -> bool:
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError, IndexError):
            if lock_file.read_text().splitlines()[_READY_LINE].strip() == "ready":
                return True
        time.sleep(0.01)
    return False


def _stop(server: subprocess.Popen[bytes]) -> None:
    """Immediate shutdown: nobody wants the data back."""
    if server.poll() is None:
        server.send_signal(signal.SIGQUIT)
        try:
            server.wait(2.0)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


if __name__ == "__main__":
    run_child(main)
