"""Redaction: what must go goes, what is harmless stays, and nothing takes long."""

from __future__ import annotations

import gc
import random
import time

import pytest

from workbench.redaction import (
    REDACTED,
    redact,
    redact_code,
    redact_cypher,
    redact_exception,
    redact_output,
    redact_sql,
    redact_url,
    redact_value,
)

S = "C4NARY7f3a"  # the secret in every case below

SECRETS = [
    f"Authorization: Bearer {S}",
    f"authorization={S}",
    f"Proxy-Authorization: Basic {S}",
    f"{{'Authorization': 'Basic {S}', 'x': 1}}",
    f"Headers([('authorization', 'Token {S}')])",
    f"(b'authorization', b'Bearer {S}')",
    f"curl -H 'Authorization: Bearer {S}' https://host/",
    f"Cookie: a=1; sid={S}",
    f"Set-Cookie: sid={S}; Path=/",
    f"X-API-Key: {S}",
    f"ocp-apim-subscription-key: {S}",
    f"Bearer {S}",
    f"bearer   {S}.x-y_z",
    f"Basic {S}==",
    f"eyJhbGciOiJIUzI1NiJ9.{S}.{S}",
    f"token={S}&x=1",
    f"access_token: {S}",
    f"refreshToken={S}",
    f"password={S}",
    f"PASSWORD = '{S}'",
    f'db_password: "{S}"',
    f"passphrase={S};",
    f"client_secret={S}",
    f"os.environ['SECRET_KEY'] = '{S}'",
    f"sig={S}",
    f"X-Amz-Signature={S}",
    f"X-Amz-Security-Token={S}",
    f"api-key={S}",
    f"PGPASSWORD={S} psql",
    f'{{"password": "{S}", "n": 2}}',
    f'{{"client_secret":"{S}"}}',
    f'{{\\"password\\": \\"{S}\\", \\"n\\": 2}}',
    f'{{"tokens": ["{S}", "b"]}}',
    f"{{'password': {{'value': '{S}'}}}}",
    f"password='it''s {S}'",
    f'password="a\\"b {S}"',
    f'password="never closed {S}',
    f"--password {S} --verbose",
    f"--password={S}",
    f"--client-secret {S}",
    f"['tool', '--password', '{S}']",
    f"('password', '{S}')",
    f"postgresql://user:{S}@host:5432/db?sslmode=require",
    f"postgresql://user:p/w{S}@host/db",
    f"postgresql://user:p?w{S}@host/db",
    f"postgresql+asyncpg://user:a@b{S}@host/db",
    f"redis://:{S}@127.0.0.1:6379/0",
    f"Server=x;User=y;Password={S};Z=1",
    f"DefaultEndpointsProtocol=https;AccountName=n;AccountKey={S}==;EndpointSuffix=core.windows.net",
    f"host=h user=u password={S} dbname=d",
    f"user:{S}@host",
    f"GET /a/b?q={S}&r={S} 200",
    f"https://host:8443/p?x={S}#access_token={S}",
    f"https://host/p?{S}",
    f"'https://host/p?x={S}', line 4",
    f"https://hooks.slack.com/services/T0/B0/{S}",
    f"-----BEGIN RSA PRIVATE KEY-----\nMII{S}\n-----END RSA PRIVATE KEY-----\nrest",
    f"-----BEGIN PRIVATE KEY-----\nMII{S} cut off",
    f"-----BEGIN OPENSSH PRIVATE KEY-----\\nMII{S}\\n-----END OPENSSH PRIVATE KEY-----",
    f"DETAIL: Key (email)=({S}) already exists.",
    f"error in INSERT INTO t (a) VALUES ('{S}', 12) [parameters: ('{S}',)]",
    f"ERROR at SELECT * FROM t WHERE a = '{S}'",
    f"token {S} expired",
    f"the token {S}.",
    f"login failed for bob with password {S}",
    f"Invalid password '{S}'",
    f'no account with secret "{S} and more"',
    f"invalid token `{S}`",
    f"password is {S}",
    f"the password for bob is {S}",
    f"password was: {S}",
    f"X-Api-Key {S}",
    f"client_secret {S}, try again",
    f"curl -u admin:{S} https://host",
    f"curl -u 'admin:{S}'",
    f"curl --user admin:{S}",
    f"mysql -uroot -p{S}",
    f"mysqldump -h host -u root -p'{S}' db",
    f"sshpass -p {S} ssh host",
    f"redis-cli -h host -a {S} ping",
    f"https://api.telegram.org/bot123456:{S}/getMe",
    f"Node(1) already exists with label `User` and property `email` = '{S}'",
    f"(1062, \"Duplicate entry '{S}' for key 'users.email'\")",
    f'invalid input syntax for type integer: "{S}"',
    f"[SQL: CALL refund('{S}')]",
    f"MERGE (n {{name:'{S}'}})",
    f'MATCH (n:Person) WHERE n.email = "{S}" RETURN n',
    f"Command '['curl', '-u', 'bob:{S}']' returned non-zero exit status 22.",
    f"['mysql', '-h', 'db', '-p{S}']",
    f"docker login -u bob -p {S} registry",
    f"['docker', 'login', '-p', '{S}']",
    f"['redis-cli', '-a', '{S}']",
    f"openssl rsa -passin pass:{S}",
    f"ldapsearch -D cn=x -w {S}",
    f'password = """{S}\nand more"""',
    f"password: str = '{S}'",
]

PROSE_SECRETS = [
    ("password is letmeinplease", "letmeinplease"),
    ("password was swordfish", "swordfish"),
    ("token kJhGfDsAqWeRtYuIoPzX was revoked", "kJhGfDsAqWeRtYuIoPzX"),
    ("password p@ssword refused", "p@ssword"),
    ("Invalid password 'correct horse'", "correct horse"),
    ("passcode 471100", "471100"),
]

KEYS = [
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "glpat-" + "a1B2" * 5,
    "xoxb-123456789012-abcdefghij",
    "sk_" + "live_abcdefghijkl",
    "rk_" + "test_abcdefghijkl",
    "whsec_abcdefghijkl",
    "AIza" + "a1B2" * 9,
    "npm_" + "a1B2" * 9,
    "eyJhbGciOiJub25lIn0.e30.",
]

HARMLESS = [
    "",
    "jamf naive",
    "no run 261123-034654-abcd in /home/me/data/workbench.duckdb: `workbench runs` lists them",
    "GET /JSSResource/policies/id/{id}",
    "POST /api/v1/auth/token",
    "workbench/token.py:12",
    "<site>/httpx/_auth.py:33",
    "token_lifetime_s=30",
    '("signing-key-cache", "cached-urls")',
    "token_type: bearer",
    "Basic authentication failed",
    "bearer token missing",
    "password authentication failed for user bob",
    "select the best of three",
    "rtt=40ms,jitter=2ms,bandwidth=100mbit",
    "https://localhost:8443/JSSResource/policies",
    "ConnectError: [Errno 111] Connection refused",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "Loader.load -> json.decoder.JSONDecoder.decode",
    "token expired",
    "token endpoint answered 401",
    "the token was revoked 3 minutes ago",
    "token is invalid, password is required",
    "password is too short: at least 12 characters",
    "password for user bob is unknown",
    "POST /api/v1/auth/token HTTP/1.1",
    "POST /api/v1/auth/token 200",
    "GET /auth/token\nthen 4711 more",
    "token https://localhost:8443/oauth2",
    "cannot read token /var/run/secrets/token1",
    "token TokenExpiredError raised",
    "max_tokens 4096 used",
    "tokenizer gpt2 loaded",
    "access token missing in v1",
    "Unexpected token < in JSON at position 0",
    "docker run -u 1000:1000 image",
    "secret manager has 1234 entries",
]


@pytest.mark.parametrize("text", SECRETS)
def test_secrets_go(text: str) -> None:
    cleaned = redact(text)
    assert S not in cleaned
    assert redact(cleaned) == cleaned
    assert REDACTED in cleaned or "?" in cleaned or ("@" in text and "@" not in cleaned)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("frame", ["{}", "key {} here", "'{}'", "x={}", "error: {}, again"])
def test_known_key_formats_go(key: str, frame: str) -> None:
    cleaned = redact(frame.format(key))
    assert key not in cleaned
    assert redact(cleaned) == cleaned


@pytest.mark.parametrize(("text", "secret"), PROSE_SECRETS)
def test_secrets_in_sentences_go(text: str, secret: str) -> None:
    cleaned = redact(text)
    assert cleaned == text.replace(secret, REDACTED)
    assert redact(cleaned) == cleaned


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("message", "left"),
    [
        (f"'{S}'", f"'{REDACTED}'"),
        ("('a', 1)", f"({REDACTED})"),
        (f"Command '['tool', '-x', '{S}']' returned non-zero exit status 1.",
         f"Command '{REDACTED}' returned non-zero exit status 1."),
        (f"can't find the users' row {{'name': '{S}'}}", f"can't find the users' row {{{REDACTED}}}"),
        (f"it's '{S}", f"it's '{REDACTED}'"),
        (f"no user {S}", f"no user {REDACTED}"),
        (f"bad email={S} of bob@corp.example", f"bad email={REDACTED} of {REDACTED}"),
        ("card 4111111111111111 refused", f"card {REDACTED} refused"),
        ("hunter2", REDACTED),
        (f"<User {S}> is gone", f"<{REDACTED}> is gone"),
        (f"b'{S}' is no number", f"'{REDACTED}' is no number"),
        (f"“{S}” is no number", f"“{REDACTED}” is no number"),
        # words, and names in code, stay
        ("division by zero", "division by zero"),
        ("boom", "boom"),
        ("'Order' object has no attribute 'total'", "'Order' object has no attribute 'total'"),
        ("No module named 'pandas'", "No module named 'pandas'"),
        ("name 'x' is not defined", "name 'x' is not defined"),
        ("f() missing 1 required positional argument: 'x'", "f() missing 1 required positional argument: 'x'"),
        ("shapes (2,) (3,4) differ", "shapes (2,) (3,4) differ"),
        ('(psycopg.errors.UndefinedColumn) column "price" does not exist',
         '(psycopg.errors.UndefinedColumn) column "price" does not exist'),
        ("<Order object at 0x7f00> is closed", "<Order object at 0x7f00> is closed"),
        ("a < b and c > d", "a < b and c > d"),
    ],
)  # fmt: skip
def test_an_exception_keeps_its_words_only(message: str, left: str) -> None:
    assert redact_exception(message) == left
    assert redact_exception(left) == left


def test_the_name_of_a_file_may_stay_in_an_exception() -> None:
    message = "[Errno 2] No such file or directory: 'data/a.csv'"
    assert redact_exception(message, ["data/a.csv"]) == message
    assert "a.csv" not in redact_exception(message)


CODE = f'''
def f(self, token):
    """Sums what is 'here'."""
    pem = """-----BEGIN RSA PRIVATE KEY-----
MII{S}
{S}
-----END RSA PRIVATE KEY-----"""
    q = (
        "SELECT * "  # all
        "FROM t "
        "WHERE email = '{S}@corp'"
    )
    q2 = """
      SELECT a FROM b
      WHERE email = '{S}@corp'
    """
    password = (
        "{S}"
        "x{S}"
    )
    secret: str = "{S}"
    d = {{"password": "{S}", "api_key": \'\'\'a
{S}\'\'\'}}
    g = "MATCH (n:X) " "WHERE n.email = '{S}'"
    return token_of(session_id=self.session_id, key: str = '')
    if token:
        return d.update({{"a": 1}})
    return 'don\\'t', 5  # password = {S}
'''


def test_code_loses_secrets_over_many_lines_and_keeps_its_lines() -> None:
    cleaned = redact_code(CODE)
    assert S not in cleaned
    assert redact_code(cleaned) == cleaned
    before, after = CODE.split("\n"), cleaned.split("\n")
    assert len(after) == len(before)
    same = [a for a, b in zip(before, after, strict=True) if a == b]
    for kept in (
        "def f(self, token):",
        "    return token_of(session_id=self.session_id, key: str = '')",
        '    """Sums what is \'here\'."""',
        "    if token:",
        '        "FROM t "',
        '        return d.update({"a": 1})',
    ):
        assert kept in same


@pytest.mark.parametrize("cut", range(0, len(CODE), 97))
def test_code_cut_anywhere_keeps_its_lines(cut: int) -> None:
    assert redact_code(CODE[cut:]).count("\n") == CODE[cut:].count("\n")


def test_a_cell_of_another_language_is_redacted_whole() -> None:
    cell = f"%%sql\nSELECT *\nFROM t\nWHERE email = '{S}'\n"
    assert redact_code(cell) == cell.replace(f"'{S}'", "?")


def test_output_is_redacted_paragraph_by_paragraph() -> None:
    key = f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{S}\n-----END PGP PRIVATE KEY BLOCK-----\n"
    text = f"SELECT * FROM t\nWHERE a = '{S}'\n\n12 rows 'x'\n{key}Authorization: Bearer {S}\n"
    cleaned = redact_output(text)
    assert S not in cleaned
    assert "12 rows 'x'" in cleaned
    assert cleaned.count("\n") == text.count("\n")


def test_json_stays_json() -> None:
    import json

    cleaned = json.loads(redact(json.dumps({"password": S, "user": "bob", "nested": {"api_key": S, "n": 1}})))
    assert cleaned == {"password": REDACTED, "user": "bob", "nested": {"api_key": REDACTED, "n": 1}}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://host/p", "https://host/p"),
        (f"https://u:{S}@host:1/p?a={S}&b=&{S}#top", "https://host:1/p?a=[redacted]&b=&[redacted]#top"),
        (f"https://host/#access_token={S}", "https://host/#access_token=[redacted]"),
        (f"/relative?a={S}", "/relative?a=[redacted]"),
        (f"postgresql://u:{S}/x@host/db", "postgresql://host/db"),
    ],
)
def test_urls(url: str, expected: str) -> None:
    assert redact_url(url) == expected
    assert redact_url(expected) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT a FROM t WHERE b = 'x' AND c = 12", "SELECT a FROM t WHERE b = ? AND c = ?"),
        ("SELECT 'it''s', \"Odd 'name' 1\" FROM t1", "SELECT ?, \"Odd 'name' 1\" FROM t1"),
        (r"SELECT E'a\'b' , x", "SELECT ? , x"),
        ("SELECT $$a'b$$, $tag$ $$ ' $tag$, $1", "SELECT ?, ?, $1"),
        ("SELECT 1.5e-3, .5, 0xFF, x'ff', -7, 1_000", "SELECT ?, ?, ?, ?, -?, ?"),
        ("SELECT a /* b /* c */ 'd' */ + 1 -- e", "SELECT a   + ?  "),
        (
            "WHERE a = %s AND b = %(name)s AND c = ? AND d = :p",
            "WHERE a = %s AND b = %(name)s AND c = ? AND d = :p",
        ),
        ("INSERT INTO t VALUES ('never closed", "INSERT INTO t VALUES (?"),
        ("SELECT $open$ never closed", "SELECT ?"),
        ("SELECT `a 1`, table2.col3 FROM s4.t5", "SELECT `a 1`, table2.col3 FROM s4.t5"),
        ("SELECT n'x', U&'y', _utf8'z'", "SELECT ?, ?, ?"),
    ],
)
def test_sql_literals(sql: str, expected: str) -> None:
    assert redact_sql(sql) == expected
    assert redact_sql(expected) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (rf"SELECT 'a\' , {S} ' , 'b'", "SELECT ?"),
        (rf"SELECT 'C:\', '{S}', 'x'", "SELECT ?"),
        (rf"VALUES ('\\', '{S}')", "VALUES (?, ?)"),
    ],
)
def test_sql_backslashes_by_either_reading(sql: str, expected: str) -> None:
    assert redact_sql(sql) == expected


def test_cypher_literals() -> None:
    text = f"MATCH (n:P {{name: \"{S}\", `odd 1`: '{S}'}}) // {S}\nSET n.a = 4711 RETURN n, $p"
    assert redact_cypher(text) == "MATCH (n:P {name: ?, `odd 1`: ?})  \nSET n.a = ? RETURN n, $p"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("password", S, REDACTED),
        ("http.request.header.authorization", S, REDACTED),
        ("client_secret", 4711, REDACTED),
        ("client_secret", "", ""),
        ("api_key", None, None),
        ("verify_token", True, True),
        ("token_lifetime_s", 30, 30),
        ("seed", 7, 7),
        ("db.query.text", "SELECT 1", "SELECT ?"),
        ("db.statement", f"lower '{S}'", "lower ?"),
        ("url.full", f"https://h/p?a={S}", "https://h/p?a=[redacted]"),
        ("note", f"password={S}", "password=[redacted]"),
        ("link", "cloud", "cloud"),
    ],
)
def test_values_by_name(key: str, value: object, expected: object) -> None:
    assert redact_value(key, value) == expected  # type: ignore[arg-type]


PIECES = [
    *(
        "password",
        "token",
        "secret",
        "=",
        ": ",
        '"',
        "'",
        "\\",
        '\\"',
        " ",
        "\n",
        "&",
        "?",
        "@",
        "://",
        "/",
        "--",
        ",",
    ),
    *(
        "Bearer ",
        "Basic ",
        "Authorization",
        "eyJ",
        "aaaaaaaaaaaaaaaa",
        "select ",
        "from ",
        "values (",
        "$$",
        "/*",
        "*/",
    ),
    *(
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "[",
        "]",
        "{",
        "}",
        "(",
        ")",
        "1",
        "é",
        "\0",
        ";",
        "x",
    ),
    *("password is ", "token x1y2 ", "-u a:", "mysql -p", "/bot123:", "`", "is ", "for bob "),
    *("MERGE (n {", "MATCH (n:", "CALL p(", "[SQL: ", "'-u', 'a:", "Duplicate entry '", "docker login -p ", '"""'),
    *(REDACTED, "ghp_", "AKIA", "[parameters: ", ")=(", "user:pw@host", "#", "E'", "--password "),
]


def test_redaction_is_idempotent_on_random_text() -> None:
    chance = random.Random(11)
    for _ in range(4000):
        text = "".join(chance.choices(PIECES, k=chance.randint(1, 14)))
        for function in (redact, redact_url, redact_sql, redact_cypher, redact_exception):
            once = function(text)
            assert function(once) == once, (function.__name__, text, once)


def test_nothing_is_invented() -> None:
    """What remains stands in the original, in the same order."""
    chance = random.Random(12)
    for _ in range(2000):
        text = "".join(chance.choices(PIECES, k=chance.randint(1, 14)))
        rest = iter(text)
        kept = redact(text).replace(REDACTED, "").replace("?", "")
        assert all(char == " " or char in rest for char in kept), (text, redact(text))


HARD = [
    *(
        "a",
        "eyJ",
        "-eyJ",
        "token=",
        "token",
        "--",
        "-----BEGIN PRIVATE KEY-----",
        "://",
        "x://a:b",
        "?a=",
        "'",
        '"',
        "\\",
    ),
    *(
        'token":"',
        'token\\":\\"',
        "select ",
        "select from /*",
        "select from $a$b",
        "basic ",
        "bearer ",
        "ghp_",
        "a:",
        "a:b@",
    ),
    *(
        " ",
        "--token ",
        "cookie ",
        "password ",
        ")=(",
        "[parameters: ",
        "select from 1.",
        "password_-",
        "password[",
        "SG.aa",
    ),
    *(
        "GET /a?b=c\n",
        "select from 'a\\'",
        "sig",
        "$$",
        "/*",
        "1",
        "0x",
        "Authorization: ",
        "E'",
        "\n",
        "://a@",
        "eyJaa.aa",
    ),
    *(
        "password is ",
        "token 'a",
        "token x1",
        "-u a:",
        "mysql ",
        "mysql -p",
        "token for x is ",
        "redis-cli -a",
        "/bot123:",
        "MERGE (",
        "MERGE (n {",
        "docker login ",
        "Duplicate entry '",
        'token: a = "',
        '"""',
        'token="""',
        "(",
        "'(",
        "<a",
        "x=",
    ),
]


def _seconds(text: str) -> float:
    gc.disable()  # a collection costs what the tests before have left alive
    try:
        start = time.thread_time()  # of this thread alone, whatever else the machine does
        redact(text)
        redact_sql(text)
        redact_code(text)
        return time.thread_time() - start
    finally:
        gc.enable()


@pytest.mark.parametrize("piece", HARD)
def test_time_is_linear(piece: str) -> None:
    """Eight times the text takes about eight times as long; a quadratic pattern would take 64 times."""
    small, large = piece * (5_000 // len(piece)), piece * (40_000 // len(piece))
    quick = max(min(_seconds(small) for _ in range(3)), 1e-3)
    assert any(_seconds(large) < 32 * quick for _ in range(2)), "neither of two tries"


@pytest.mark.soak
@pytest.mark.parametrize("piece", ["token=abc&", "select 'a' from b; ", "-eyJ"])
def test_a_megabyte(piece: str) -> None:
    cleaned = redact(piece * (1_000_000 // len(piece)))
    assert redact(cleaned) == cleaned
