"""The simulator as its clients see it: TLS, tokens, limits, latency and faults, over real connections."""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import psutil
import pytest

from workbench.dataset.jamf import build_estate, write_estate
from workbench.errors import ServiceStartFailed
from workbench.services.jamf import Faults, JamfOptions, RunningJamf, start_jamf
from workbench.services.jamf.latency import latency_s
from workbench.services.link import parse_link, start_link

pytestmark = pytest.mark.service

POLICY = "/JSSResource/policies/id/1"
AS_JSON = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("estate")
    write_estate(build_estate(scale="small", seed=1), folder)
    return folder


@pytest.fixture(scope="module")
def jamf(estate: Path) -> Iterator[RunningJamf]:
    with start_jamf(estate, options=JamfOptions(latency_scale=0)) as running:
        yield running


def client(jamf: RunningJamf) -> httpx.Client:
    context = ssl.create_default_context(cafile=str(jamf.ca_file))
    return httpx.Client(base_url=jamf.base_url, verify=context, trust_env=False, timeout=30)


@contextmanager
def logged_in(jamf: RunningJamf) -> Iterator[httpx.Client]:
    with client(jamf) as session:
        session.headers["Authorization"] = f"Bearer {token(session, jamf)}"
        yield session


def token(session: httpx.Client, jamf: RunningJamf) -> str:
    reply = session.post("/api/v1/auth/token", auth=(jamf.username, jamf.password))
    assert reply.status_code == 200
    text: str = reply.json()["token"]
    return text


def test_a_certificate_of_its_own_vouches_for_it_and_no_other(
    jamf: RunningJamf, monkeypatch: pytest.MonkeyPatch
) -> None:
    with client(jamf) as session:
        assert session.get(POLICY).status_code == 401
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(jamf.base_url + POLICY, trust_env=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.setenv(name, "/nowhere/at/all.pem")
    with client(jamf) as session:
        assert session.get(POLICY).status_code == 401


def test_it_answers_to_its_name_and_to_its_number(jamf: RunningJamf) -> None:
    with client(jamf) as session:
        for host in ("localhost", "127.0.0.1"):
            assert session.get(f"https://{host}:{jamf.port}{POLICY}").status_code == 401


def test_it_listens_on_loopback_only(jamf: RunningJamf) -> None:
    connections = psutil.Process(jamf.process.pid).net_connections("inet")
    listening = [each for each in connections if each.status == psutil.CONN_LISTEN]
    assert [(each.laddr.ip, each.laddr.port) for each in listening] == [("127.0.0.1", jamf.port)]


def test_every_way_to_log_in(jamf: RunningJamf) -> None:
    form = {"grant_type": "client_credentials", "client_id": jamf.client_id, "client_secret": jamf.client_secret}
    with client(jamf) as session:
        first = session.post("/api/v1/auth/token", auth=(jamf.username, jamf.password)).json()
        assert first["expires"].endswith("Z")
        tokens = [first["token"]]
        for path in ("/api/oauth/token", "/api/v1/oauth/token"):
            granted = session.post(path, data=form).json()
            assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 1800)
            tokens.append(granted["access_token"])
        for text in tokens:
            headers = {"Authorization": f"Bearer {text}"}
            assert session.get("/api/v1/auth", headers=headers).json()["authenticationType"] == "JSS"
            assert session.get(POLICY, headers=headers | AS_JSON).json()["policy"]["general"]["id"] == 1


def test_wrong_credentials_are_refused_in_the_way_of_each_endpoint(jamf: RunningJamf) -> None:
    with client(jamf) as session:
        reply = session.post("/api/v1/auth/token", auth=(jamf.username, "wrong"))
        assert (reply.status_code, reply.json()) == (401, {"httpStatus": 401, "errors": []})
        assert session.post("/api/v1/auth/token").status_code == 401
        assert session.post("/api/v1/auth/token", headers={"Authorization": "Basic %%%"}).status_code == 401
        form = {"grant_type": "client_credentials", "client_id": jamf.client_id, "client_secret": "wrong"}
        reply = session.post("/api/oauth/token", data=form)
        assert (reply.status_code, reply.json()) == (401, {"error": "invalid_client"})
        reply = session.post("/api/oauth/token", data=form | {"grant_type": "password"})
        assert (reply.status_code, reply.json()) == (400, {"error": "unsupported_grant_type"})
        assert session.get("/api/v1/auth/token").status_code == 405


def test_keep_alive_replaces_a_token_and_invalidation_ends_it(jamf: RunningJamf) -> None:
    with logged_in(jamf) as session:
        old = session.headers["Authorization"]
        new = session.post("/api/v1/auth/keep-alive").json()["token"]
        assert session.get("/api/v1/auth").status_code == 401
        session.headers["Authorization"] = f"Bearer {new}"
        assert session.get("/api/v1/auth").status_code == 200
        assert session.headers["Authorization"] != old
        assert session.post("/api/v1/auth/invalidate-token").status_code == 204
        assert session.get("/api/v1/auth").status_code == 401
        assert session.post("/api/v1/auth/keep-alive").status_code == 401


def test_a_token_expires_and_a_new_login_helps(estate: Path) -> None:
    options = JamfOptions(latency_scale=0, token_lifetime_s=0.5)
    with start_jamf(estate, options=options) as jamf, client(jamf) as session:
        start = time.monotonic()
        session.headers["Authorization"] = f"Bearer {token(session, jamf)}"
        while (reply := session.get(POLICY)).status_code == 200:
            assert time.monotonic() - start < 30
        assert reply.status_code == 401
        assert time.monotonic() - start > 0.45

        def after_a_new_login() -> int:
            session.headers["Authorization"] = f"Bearer {token(session, jamf)}"
            return session.get(POLICY).status_code

        assert any(after_a_new_login() == 200 for _ in range(10))  # on a slow machine one may be over at once


def test_errors_look_like_those_of_each_api(jamf: RunningJamf) -> None:
    with logged_in(jamf) as session:
        missing = session.get("/JSSResource/policies/id/999999", headers=AS_JSON)
        assert (missing.status_code, missing.headers["content-type"]) == (404, "text/html;charset=UTF-8")
        assert "Status page" in missing.text
        assert session.get("/JSSResource/nope").status_code == 404
        assert session.get("/api/v1/nope").json() == {"httpStatus": 404, "errors": []}
        assert session.get("/api/v1/scripts/999999").json()["errors"][0]["code"] == "INVALID_ID"
        assert session.get("/api/v1/scripts", params={"page-size": "many"}).json()["httpStatus"] == 400
        assert session.delete(POLICY).status_code == 405
        assert session.get("/").status_code == 404


def test_json_and_xml_by_id_and_by_name_over_the_wire(jamf: RunningJamf) -> None:
    with logged_in(jamf) as session:
        for entry in session.get("/JSSResource/policies", headers=AS_JSON).json()["policies"]:
            by_name = session.get(f"/JSSResource/policies/name/{httpx.URL(path=entry['name']).raw_path.decode()}")
            assert by_name.status_code == 200, entry
            assert ElementTree.fromstring(by_name.content).findtext("general/id") == str(entry["id"])


def test_connections_are_kept_alive_and_counted(estate: Path) -> None:
    with start_jamf(estate, options=JamfOptions(latency_scale=0)) as jamf, logged_in(jamf) as session:
        for _ in range(10):
            session.get(POLICY)
        stats = jamf.stats()
        assert (stats["requests"], stats["connections"], stats["logins"]) == (11, 1, 1)
        assert (stats["open_connections"], stats["max_in_flight"]) == (1, 1)
        assert stats["endpoints"] == {"token": 1, "policies/item": 10}
        jamf.reset()
        assert jamf.stats()["requests"] == 0
        assert session.get(POLICY).status_code == 200, "tokens outlive a reset"


def test_no_answer_waits_for_a_delayed_acknowledgement(jamf: RunningJamf) -> None:
    """Header and body are two writes: with Nagle's algorithm on, each answer would take 40 ms."""
    with logged_in(jamf) as session:
        times = []
        for _ in range(20):
            start = time.perf_counter()
            session.get(POLICY)
            times.append(time.perf_counter() - start)
    assert min(times) < 0.030


def test_a_small_answer_is_one_piece(jamf: RunningJamf) -> None:
    with logged_in(jamf) as session:
        authorization = session.headers["Authorization"]
    context = ssl.create_default_context(cafile=str(jamf.ca_file))
    plain = socket.create_connection((jamf.host, jamf.port))
    with context.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(f"GET {POLICY} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n".encode())
        record = tls.recv(65_536)  # gives one TLS record at most
    assert record.startswith(b"HTTP/1.1 200 OK\r\n")
    assert record.endswith(b"</policy>")


def elapsed(jamf: RunningJamf, number: int, times: int) -> list[float]:
    """Seconds of each request for that policy, as measured inside the server's reach: no link between."""
    with logged_in(jamf) as session:
        out = []
        for _ in range(times):
            start = time.perf_counter()
            session.get(f"/JSSResource/policies/id/{number}").raise_for_status()
            out.append(time.perf_counter() - start)
    return out


def test_latencies_are_those_of_the_seed_across_restarts_and_resets(estate: Path) -> None:
    options = JamfOptions(seed=5, latency_scale=0.5)
    drawn = [latency_s(5, "policies/item", "policies/2", nth, 0.5) for nth in (1, 2, 3)]
    for _ in range(2):
        with start_jamf(estate, options=options) as jamf:
            elapsed(jamf, 1, 2)  # what others were asked for doesn't matter
            for _ in range(2):
                measured = elapsed(jamf, 2, 3)
                late = [took - due for took, due in zip(measured, drawn, strict=True)]
                assert -0.001 < min(late) < 0.2
                jamf.reset()


def test_past_the_limit_comes_429_with_retry_after(estate: Path) -> None:
    options = JamfOptions(latency_scale=10_000, concurrency_limit=2, retry_after_s=7)  # the first two never end
    with start_jamf(estate, options=options) as jamf, client(jamf) as session, ThreadPoolExecutor(2) as pool:
        held = [pool.submit(token, session, jamf) for _ in range(2)]
        while jamf.stats()["endpoints"] != {"token": 2}:
            assert not any(each.done() for each in held)
        refused = [session.get(path) for path in [POLICY, "/api/v1/scripts/1"] * 3]
        assert {reply.status_code for reply in refused} == {429}
        assert {reply.headers["retry-after"] for reply in refused} == {"7"}
        assert all("Too Many Requests" in reply.text for reply in refused[::2])
        assert all(reply.json() == {"httpStatus": 429, "errors": []} for reply in refused[1::2])
        stats = jamf.stats()
        jamf.stop()
        assert all(isinstance(each.exception(), httpx.HTTPError) for each in held)
    assert (stats["throttled"], stats["max_in_flight"]) == (6, 2)


def test_without_a_limit_all_are_served(estate: Path) -> None:
    options = JamfOptions(latency_scale=2, concurrency_limit=None)
    with start_jamf(estate, options=options) as jamf, logged_in(jamf) as session, ThreadPoolExecutor(70) as pool:
        assert {reply.status_code for reply in pool.map(session.get, [POLICY] * 70)} == {200}
        assert jamf.stats()["throttled"] == 0


def faulty(estate: Path, **faults: Any) -> RunningJamf:
    return start_jamf(estate, options=JamfOptions(latency_scale=0, faults=Faults(**faults)))


def assert_silent(jamf: RunningJamf) -> None:
    """A fault that was asked for is no reason to log (Linux shows the nameless file behind stderr)."""
    log = Path(f"/proc/{jamf.process.pid}/fd/2")
    assert not log.exists() or log.read_text() == ""


def test_server_errors(estate: Path) -> None:
    with faulty(estate, error_rate=1) as jamf, logged_in(jamf) as session:
        assert session.get(POLICY).status_code == 500
        assert session.get("/api/v1/scripts/1").json() == {"httpStatus": 500, "errors": []}
        assert jamf.stats()["fault_error"] == 2


@pytest.mark.parametrize("text", ["none", "rtt=2ms"])
def test_resets(estate: Path, text: str) -> None:
    with faulty(estate, reset_rate=1) as jamf, start_link(parse_link(text), jamf.host, jamf.port) as link:
        with logged_in(jamf) as session:
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                session.get(jamf.endpoint(link).base_url + POLICY)
            authorization = session.headers["Authorization"]
        context = ssl.create_default_context(cafile=str(jamf.ca_file))
        plain = socket.create_connection((link.host, link.port))
        with context.wrap_socket(plain, server_hostname="localhost") as tls:
            tls.sendall(f"GET {POLICY} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\n\r\n".encode())
            # Beneath TLS, which may show a reset as a mere end.
            with socket.socket(fileno=os.dup(tls.fileno())) as below, pytest.raises(ConnectionResetError):
                while below.recv(65_536):
                    pass
        assert jamf.stats()["fault_reset"] == 2
        assert_silent(jamf)


def test_truncated_bodies(estate: Path) -> None:
    with faulty(estate, truncate_rate=1) as jamf, logged_in(jamf) as session:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete message body"):
            session.get(POLICY)
        assert jamf.stats()["fault_truncate"] == 1
        assert_silent(jamf)


def test_html_in_the_answer_s_place(estate: Path) -> None:
    with faulty(estate, html_rate=1) as jamf, logged_in(jamf) as session:
        reply = session.get(POLICY, headers=AS_JSON)
        assert (reply.status_code, reply.headers["content-type"]) == (200, "text/html;charset=UTF-8")
        with pytest.raises(json.JSONDecodeError):
            reply.json()


def test_slow_bodies_arrive_whole(estate: Path) -> None:
    with faulty(estate, slow_body_rate=1, slow_body_s=0.4) as jamf, logged_in(jamf) as session:
        start = time.perf_counter()
        assert session.get(POLICY, headers=AS_JSON).json()["policy"]["general"]["id"] == 1
        assert time.perf_counter() - start >= 0.4
    with (
        faulty(estate, slow_body_rate=1, slow_body_s=600) as jamf,
        logged_in(jamf) as session,
        pytest.raises(httpx.ReadTimeout),  # however late this process comes to read
    ):
        session.get(POLICY, timeout=0.1)


def test_one_bad_resource_among_good_ones(estate: Path) -> None:
    with faulty(estate, bad_resources=("policies/1",)) as jamf, logged_in(jamf) as session:
        statuses = [session.get(f"/JSSResource/policies/id/{number}").status_code for number in (1, 2, 1, 3)]
    assert statuses == [500, 200, 500, 200]


def test_throttled_for_ever(estate: Path) -> None:
    with faulty(estate, always_429=True) as jamf, logged_in(jamf) as session:
        assert [session.get(POLICY).status_code for _ in range(3)] == [429] * 3
        assert session.get(POLICY).headers["retry-after"] == "1"


@pytest.mark.parametrize("uses", [0, 3])
def test_a_token_is_revoked_after_so_many_requests(estate: Path, uses: int) -> None:
    with faulty(estate, unauthorized_after=uses) as jamf, logged_in(jamf) as session:
        for _ in range(2):
            assert [session.get(POLICY).status_code for _ in range(uses + 2)] == [200] * uses + [401, 401]
            session.headers["Authorization"] = f"Bearer {token(session, jamf)}"


def test_rates_repeat_with_the_seed(estate: Path) -> None:
    def statuses() -> list[int]:
        with faulty(estate, error_rate=0.4) as jamf, logged_in(jamf) as session:
            return [session.get(POLICY).status_code for _ in range(30)]

    first = statuses()
    assert first == statuses()
    assert set(first) == {200, 500}


def test_secrets_are_random_and_in_no_one_s_sight(jamf: RunningJamf, estate: Path) -> None:
    with logged_in(jamf) as session:
        text = session.headers["Authorization"].split()[1]
        session.post("/api/v1/auth/token", auth=(jamf.username, "wrong"))
        session.get("/api/v1/nope")
    secrets = {jamf.username, jamf.password, jamf.client_id, jamf.client_secret, text}
    process = psutil.Process(jamf.process.pid)
    seen = [*process.cmdline(), *process.environ().values()]
    log = Path(f"/proc/{process.pid}/fd/2")
    if log.exists():  # its stderr is a nameless file; Linux shows it
        seen.append(log.read_text(errors="replace"))
    assert not [secret for secret in secrets if any(secret in text for text in seen)]
    assert not any(secret in repr(jamf.endpoint()) for secret in secrets)
    assert (jamf.ca_file.parent.stat().st_mode & 0o077) == 0
    assert [each.name for each in jamf.ca_file.parent.iterdir()] == ["ca.pem"], "no private key on the disk"
    with start_jamf(estate) as other:
        assert not secrets & {other.username, other.password, other.client_id, other.client_secret}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: None, "there is no dataset folder"),
        (lambda folder: folder.mkdir(), "the Jamf Pro simulator did not start"),
    ],
)
def test_a_folder_without_an_estate_is_one_clear_line(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    folder = tmp_path / "estate"
    spoil(folder)
    with pytest.raises(ServiceStartFailed, match=said) as caught:
        start_jamf(folder)
    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


def test_stopping_while_requests_are_under_way_is_quick(estate: Path) -> None:
    with start_jamf(estate, options=JamfOptions(latency_scale=100)) as jamf, client(jamf) as session:
        failed = threading.Event()

        def ask() -> None:
            try:
                session.post("/api/v1/auth/token", auth=(jamf.username, jamf.password))
            except httpx.HTTPError:
                failed.set()

        asking = threading.Thread(target=ask)
        asking.start()
        while not jamf.stats()["endpoints"]:
            pass
        start = time.monotonic()
        jamf.stop()
        assert time.monotonic() - start < 10
        asking.join()
        assert failed.is_set()
