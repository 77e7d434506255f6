"""Service processes come up, answer, and never outlive the process that started them."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from workbench.errors import ServiceError, ServiceStartFailed
from workbench.services.link import LinkProfile, RunningLink, start_link
from workbench.services.process import start_service

pytestmark = pytest.mark.service

PROFILE = LinkProfile("test", rtt_s=0.001)


@pytest.fixture
def link() -> Iterator[RunningLink]:
    with start_link(PROFILE, "127.0.0.1", 9) as running:
        yield running


def gone(pid: int) -> bool:
    """Whether the process ends within ten seconds; also a zombie counts as there, unless it isn't ours to reap."""
    try:
        psutil.Process(pid).wait(10)
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return False
    return not psutil.pid_exists(pid)


def pid_of(link: RunningLink) -> int:
    assert link.process is not None
    return link.process.pid


def test_a_service_stops_with_its_context_and_leaves_no_zombie() -> None:
    with start_link(PROFILE, "127.0.0.1", 9) as link:
        pid = pid_of(link)
        assert link.process is not None and link.process.alive
        assert psutil.Process(pid).ppid() == os.getpid()
    assert not psutil.pid_exists(pid), "ended and reaped when the context is left"
    assert not link.process.alive
    link.stop()
    with pytest.raises(ServiceError, match="was stopped"):
        link.stats()


def test_a_forgotten_service_stops_when_it_is_collected() -> None:
    pid = pid_of(start_link(PROFILE, "127.0.0.1", 9))
    gc.collect()
    assert not psutil.pid_exists(pid)


def test_no_descriptor_is_left() -> None:
    start_link(PROFILE, "127.0.0.1", 9).stop()
    gc.collect()  # what other tests left open in cycles is closed now, and not meanwhile
    before = psutil.Process().num_fds()
    for _ in range(3):
        start_link(PROFILE, "127.0.0.1", 9).stop()
    assert psutil.Process().num_fds() <= before


def test_it_listens_on_loopback_only_and_in_a_session_of_its_own(link: RunningLink) -> None:
    process = psutil.Process(pid_of(link))
    listening = [each for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN]
    assert {each.laddr.ip for each in listening} == {"127.0.0.1"}
    assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_a_service_that_was_killed_is_reported(link: RunningLink) -> None:
    os.kill(pid_of(link), signal.SIGKILL)
    with pytest.raises(ServiceError, match="was ended by SIGKILL"):
        while True:
            link.stats()


def test_terminate_and_interrupt_end_or_pass_it_by(link: RunningLink) -> None:
    os.kill(pid_of(link), signal.SIGINT)
    assert link.stats()["connections"] == 0, "a Ctrl-C that reached it would be for the parent"
    os.kill(pid_of(link), signal.SIGTERM)
    with pytest.raises(ServiceError, match="exited"):
        while True:  # it may answer once more before the signal is handled
            link.stats()


def test_an_unknown_operation_is_an_error_and_harms_nothing(link: RunningLink) -> None:
    assert link.process is not None
    with pytest.raises(ServiceError, match="no operation nonsense"):
        link.process.ask("nonsense")
    assert link.stats()["connections"] == 0


def test_it_starts_from_a_thread_and_inside_a_running_event_loop() -> None:
    pids = []

    def start() -> None:
        with start_link(PROFILE, "127.0.0.1", 9) as link:
            link.stats()
            pids.append(pid_of(link))

    async def as_in_a_notebook() -> None:
        start()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    asyncio.run(as_in_a_notebook())
    assert len(set(pids)) == 4
    assert not any(psutil.pid_exists(pid) for pid in pids)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import sys; print('no such thing', file=sys.stderr); sys.exit(3)", r"code 3.*no such thing"),
        ("raise ValueError('boom')", r"code 1.*ValueError: boom"),
        ("import sys; sys.stdin.readline(); print('hello', flush=True); sys.stdin.read()", "no JSON"),
        ("import sys; sys.stdin.read()", r"no answer within 0\.5 s.*nothing to stderr"),
        ("import signal; signal.signal(15, signal.SIG_IGN); import time; time.sleep(600)", "no answer"),
    ],
)
def test_a_service_that_does_not_come_up_is_one_clear_line(
    body: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wrongservice.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("workbench.services.process.STOP_TIMEOUT_S", 0.5)
    before = {each.pid for each in psutil.Process().children()}
    timeout_s = 0.5 if "no answer" in said else 20.0
    with pytest.raises(ServiceStartFailed, match=said) as caught:
        start_service("wrongservice", {}, name="the wrong service", timeout_s=timeout_s)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("the wrong service did not start")
    assert {each.pid for each in psutil.Process().children()} <= before


def test_a_file_in_the_working_directory_shadows_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    with start_link(PROFILE, "127.0.0.1", 9) as link:
        assert link.stats()["connections"] == 0


PARENT = """
import json, os, sys
from pathlib import Path
from workbench.dataset.jamf import build_estate, write_estate
from workbench.services.jamf import JamfOptions, start_jamf
from workbench.services.link import LinkProfile, start_link

folder = Path(sys.argv[1])
write_estate(build_estate(), folder)
jamf = start_jamf(folder)
link = start_link(LinkProfile("test", rtt_s=0.001), jamf.host, jamf.port)
print(json.dumps({"pids": [jamf.process.pid, link.process.pid], "folder": str(jamf.ca_file.parent)}), flush=True)
"""


def parent(tmp_path: Path, then: str) -> tuple[subprocess.Popen[str], list[int], Path]:
    """A process that starts both services, says which, and goes on with ``then``."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT + textwrap.dedent(then), str(tmp_path / "estate")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert all(psutil.pid_exists(pid) for pid in told["pids"])
    assert (Path(told["folder"]) / "ca.pem").is_file()
    return process, told["pids"], Path(told["folder"])


def test_services_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    process, pids, folder = parent(tmp_path, "sys.stdin.read()")
    with process:
        process.kill()
        process.wait()
        assert all(gone(pid) for pid in pids)
    assert not folder.exists(), "nor is the certificate's folder left"


def test_services_end_even_if_a_fork_keeps_the_pipe_open(tmp_path: Path) -> None:
    fork = """
        if os.fork() == 0:
            jamf.stop(); link.stop()   # a fork has no say over its parent's services
            os.close(1)
            sys.stdin.read()
            os._exit(0)
        print(json.dumps(link.stats()), flush=True)
        sys.stdin.read()
    """
    process, pids, _ = parent(tmp_path, fork)
    with process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["connections"] == 0
        process.kill()
        process.wait()
        assert all(gone(pid) for pid in pids)


@pytest.mark.parametrize("then", ["", "raise SystemExit(3)", "os.close(0)"])
def test_services_end_with_the_interpreter(tmp_path: Path, then: str) -> None:
    process, pids, folder = parent(tmp_path, f"sys.stdin.readline()\n{then}")
    with process:
        process.communicate("go on\n", timeout=30)
        assert not any(psutil.pid_exists(pid) for pid in pids)
        assert not folder.exists()


def test_a_ctrl_c_at_the_terminal_reaches_the_parent_alone(tmp_path: Path) -> None:
    then = """
        try:
            print("waiting", flush=True)
            sys.stdin.read()
        except KeyboardInterrupt:
            print(json.dumps([link.stats()["connections"], jamf.stats()["requests"]]), flush=True)
            sys.stdin.read()
    """
    process, pids, _ = parent(tmp_path, then)
    with process:
        assert process.stdout is not None and process.stdin is not None
        assert process.stdout.readline() == "waiting\n"
        os.killpg(process.pid, signal.SIGINT)
        assert json.loads(process.stdout.readline()) == [0, 0]
        process.stdin.close()
        process.wait(30)
        assert not any(psutil.pid_exists(pid) for pid in pids)


def test_the_upstream_may_be_absent_and_the_link_still_starts(link: RunningLink) -> None:
    with (
        pytest.raises(ConnectionResetError),
        socket.create_connection((link.host, link.port), timeout=10) as client,
    ):
        client.sendall(b"x")
        client.recv(1)
    assert link.stats()["refused"] == 1
