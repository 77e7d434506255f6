"""The client against answers that are made up: tokens, attempts, and every way in which a server can fail."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from workbench.errors import (
    ServiceBadResponse,
    ServiceError,
    ServiceThrottled,
    ServiceTimeout,
    ServiceTLS,
    ServiceUnauthorized,
    ServiceUnreachable,
)
from workbench.model import utc_now
from workbench.scenarios.http.trouble import Trouble, check
from workbench.scenarios.jamf.account import Account
from workbench.scenarios.jamf.client import Jamf

Handler = Callable[[httpx.Request], httpx.Response]
ACCOUNT = Account("https://jamf.test", "user", "pass-canary", patience_s=0.2)


class Server:
    """Gives tokens to all, and an answer for everything else."""

    def __init__(self, answer: Handler) -> None:
        self.answer = answer
        self.logins = 0
        self.requests: Counter[str] = Counter()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests[request.url.path] += 1
        if request.url.path.endswith("/token"):
            self.logins += 1
            return httpx.Response(200, json={"token": f"t{self.logins}", "access_token": f"o{self.logins}"})
        return self.answer(request)


def ask(server: Handler, *paths: str, account: Account = ACCOUNT) -> list[object]:
    async def session() -> list[object]:
        transport = httpx.MockTransport(server)
        async with httpx.AsyncClient(transport=transport, base_url=account.base_url) as client:
            jamf = Jamf.over(client, account)
            await jamf.login()
            return list(await asyncio.gather(*map(jamf.json, paths)))

    return asyncio.run(session())


def test_a_token_that_expires_under_many_requests_is_renewed_once_for_all() -> None:
    paths = [f"/r/{n}" for n in range(20)]
    tokens: Counter[str] = Counter()

    async def session() -> list[object]:
        together = asyncio.Barrier(len(paths))

        async def answer(request: httpx.Request) -> httpx.Response:
            if request.method == "POST":
                return httpx.Response(200, json={"token": f"t{2 if tokens else 1}"})
            tokens[request.headers["authorization"]] += 1
            if request.headers["authorization"] == "Bearer t1":
                await together.wait()  # all of them hold the old token
                return httpx.Response(401)
            return httpx.Response(200, json=request.url.path)

        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url=ACCOUNT.base_url) as client:
            jamf = Jamf.over(client, ACCOUNT)
            await jamf.login()
            answers = list(await asyncio.gather(*map(jamf.json, paths)))
            assert jamf.traffic.attempts["POST /api/v1/auth/token"] == 2
            return answers

    assert asyncio.run(session()) == paths
    assert tokens == {"Bearer t1": 20, "Bearer t2": 20}


def test_a_token_that_never_works_is_an_error_and_no_loop() -> None:
    server = Server(lambda _: httpx.Response(401))
    with pytest.raises(ServiceUnauthorized, match="GET /r: the server answered 401"):
        ask(server, "/r")
    assert server.requests["/r"] == 2


def test_client_credentials_take_the_oauth_endpoint() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200, json=1)

    server = Server(answer)
    ask(server, "/r", account=Account("https://jamf.test", client_id="id", client_secret="secret"))
    assert server.requests["/api/oauth/token"] == 1
    assert seen == ["Bearer o1"]


def test_passing_faults_are_overcome() -> None:
    answers = [httpx.Response(503), httpx.Response(200, text='{"cut": '), httpx.Response(200, json=[1])]
    patient = Account("https://jamf.test", "user", "pass", patience_s=30)
    assert ask(Server(lambda _: answers.pop(0)), "/r", account=patient) == [[1]]


def raising(error: Exception) -> Handler:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    return answer


def tls_failure(*, reason: str = "", verify_code: int = 0) -> Exception:
    """As ssl raises it: only it fills these fields in, from OpenSSL's own state."""
    error = httpx.ConnectError("[SSL] certificate")
    error.__cause__ = cause = ssl.SSLCertVerificationError("certificate")
    cause.reason, cause.verify_code = reason, verify_code
    return error


FAILURES: list[tuple[str, Handler, type[ServiceError], str]] = [
    ("500", lambda _: httpx.Response(500), ServiceError, "answered 500"),
    ("404", lambda _: httpx.Response(404), ServiceError, "answered 404"),
    ("403", lambda _: httpx.Response(403), ServiceUnauthorized, "answered 403"),
    ("429", lambda _: httpx.Response(429, headers={"retry-after": "9"}), ServiceThrottled, "429"),
    (
        "html",
        lambda _: httpx.Response(200, html="<html>login</html>"),
        ServiceBadResponse,
        "text/html instead of JSON",
    ),
    ("markup", lambda _: httpx.Response(200, text=" <?xml?>"), ServiceBadResponse, "instead of JSON"),
    ("cut", lambda _: httpx.Response(200, text='{"policies": [{"id"'), ServiceBadResponse, "truncated JSON"),
    ("bytes", lambda _: httpx.Response(200, content=b'"\xff\xfe'), ServiceBadResponse, "truncated JSON"),
    ("timeout", raising(httpx.ReadTimeout("")), ServiceTimeout, "no answer from https://jamf.test in time"),
    ("refused", raising(httpx.ConnectError("refused")), ServiceUnreachable, r"no connection .*\(refused\)"),
    ("reset", raising(httpx.ReadError("")), ServiceUnreachable, r"no connection .*\(ReadError\)"),
    ("tls", raising(tls_failure()), ServiceTLS, "TLS handshake .* check its certificate"),
    ("self-signed", raising(tls_failure(verify_code=18)), ServiceTLS, "JAMF_CA_FILE or SSL_CERT_FILE"),
    (
        "no tls",
        raising(tls_failure(reason="WRONG_VERSION_NUMBER")),
        ServiceTLS,
        "doesn't speak TLS on that port; check the port",
    ),
    (
        "ended",
        raising(httpx.RemoteProtocolError("peer closed connection without sending complete message body")),
        ServiceBadResponse,
        "truncated",
    ),
]


@pytest.mark.parametrize(("answer", "error", "text"), [f[1:] for f in FAILURES], ids=[f[0] for f in FAILURES])
def test_every_failure_has_its_type_and_one_line(answer: Handler, error: type[ServiceError], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        ask(Server(answer), "/JSSResource/policies")
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("GET /JSSResource/policies: ")
    assert "pass-canary" not in str(caught.value)


@pytest.mark.parametrize(("answer", "error", "text"), [f[1:] for f in FAILURES], ids=[f[0] for f in FAILURES])
def test_the_log_in_fails_in_the_same_ways(answer: Handler, error: type[ServiceError], text: str) -> None:
    with pytest.raises(error, match=f"POST /api/v1/auth/token: .*{text}"):
        ask(answer)


def test_a_log_in_without_a_token_is_a_bad_response() -> None:
    with pytest.raises(ServiceBadResponse, match="the answer holds no token"):
        ask(lambda _: httpx.Response(200, json={"error": "x"}))


def test_retry_after_may_be_a_date() -> None:
    later = format_datetime(utc_now() + timedelta(seconds=90), usegmt=True)
    for text, low, high in [("7", 7, 7), (later, 80, 90), ("soon", None, None), ("", None, None), ("-3", 0, 0)]:
        with pytest.raises(Trouble) as caught:
            check(httpx.Response(429, headers={"retry-after": text}), "GET /x")
        waited = caught.value.retry_after
        assert (waited is None) if low is None else (waited is not None and low <= waited <= high)


def test_credentials_do_not_show_in_an_account() -> None:
    account = Account("https://jamf.test", "user", "pass-canary", "id", "secret-canary")
    assert "canary" not in repr(account)
