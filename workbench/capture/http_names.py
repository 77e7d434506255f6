"""Names of HTTP spans: the method and a template of the path, never a literal of the user's data.

A path mixes the names of routes with data: identifiers, user names, tokens. Only what looks like a route's name is
kept, and only where no data is to be expected; in doubt a segment goes. What that costs is a less telling span
name; what a wrong guess costs the other way is a secret in the store.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["path_template"]

ID, VALUE = "{id}", "{value}"
LONGEST = 40

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
NUMBER = re.compile(r"-?\d+")
HEXADECIMAL = re.compile(r"(?=.*\d)[0-9a-f]{8,}", re.IGNORECASE)
VERSION = re.compile(r"v\d{1,3}(?:\.\d{1,3}){0,2}(?:(?:alpha|beta)\d{0,2})?")
NO_WORD = re.compile(r"[bcdfghjklmnpqrstvwxz]{6}|(.)\1\1")  # too many consonants, or thrice the same
WORDS = re.compile(r"[_$]?[a-z]{1,16}(?:[_-][a-z]{1,16}){0,3}")
CAMEL_CASE = re.compile(r"[a-z]{2,16}(?:[A-Z][a-z]{1,15}){1,4}")
CAMEL_WORD = re.compile(r"[A-Z]?[a-z]+")
LEAST_MEAN_WORD = 2.5  # letters; random mixed case has shorter runs
FILE = re.compile(r"(?P<stem>[^.]+)\.(?:html?|php|aspx?|jsp|do|cgi|json|xml|js|css|txt|ico|wsdl|xsd|ya?ml)")
JAMF_ROOT = "JSSResource"
JAMF_TYPE = re.compile(r"[a-z]{3,36}")  # run together: computerextensionattributes


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# After these always comes data,
DATA_AFTER = _words("id ids name names serialnumber macaddress username email udid udids match value")
# and after these, as after a plural, unless it is one of the operations below.
HOLDERS = _words("""
    u user profile account customer client member person people children staff contact patient employee tenant org
    organization company group team project repo workspace channel reset verify confirm activate invite invitation
    unsubscribe share s i t p r w tag category topic search token key secret session hook webhook bucket file host
    domain phone blog post article page wiki story room chatroom
""")
# Routes of a collection or of its items.
OPERATIONS = DATA_AFTER | _words("""
    search find query list all count total batch batches bulk new create add edit edits update upsert delete remove
    patch replace copy clone move merge import export upload download preview validate verify check ping health
    info metadata schema version versions history latest current me self login logout signin signout signup register
    refresh revoke rotate renew reset send resend get set put fetch start stop restart pause resume cancel retry run
    runs execute submit approve reject publish archive restore enable disable activate lock unlock sync watch
    subscribe unsubscribe stream events token tokens oauth oauth1 oauth2 auth authorize password settings config
    configuration permissions members users groups roles comments files attachments tags summary stats statistics
    metrics report reports generations variations content details general subset scope status
""")
# Routes that don't look like words, or look like a plural and aren't a collection.
ROUTES = _words("""
    oauth1 oauth2 s3 ec2 ipv4 ipv6 base64 i18n l10n k8s graphql .well-known JSSResource Users Groups apis assets css
    js sms dns tls https aws gis ios macos windows news analytics settings statistics stats metrics diagnostics
    credentials kubernetes wordpress
""")


def path_template(path: str) -> str:
    """``/JSSResource/policies/id/7`` → ``/JSSResource/policies/id/{id}``; query and fragment are dropped.

    A segment becomes ``{id}`` if it is a number, UUID or hexadecimal digest, and ``{value}`` unless it looks like a
    route's name (lower-case words joined by ``-`` or ``_``, camelCase, ``v2``, ``index.html``) and stands where
    one may stand: not after a plural (``customers``), ``name`` and the like, or another ``{value}``, except for
    well-known operations (``search``) and, after a ``{value}``, plurals (``/users/{value}/orders``).
    """
    template: list[str] = []
    before = ""
    for segment in path.partition("?")[0].partition("#")[0].split("/"):
        kept = ID if segment.isdecimal() else _template(segment, before)
        template.append(kept)
        before = kept or before
    return "/".join(template)


@lru_cache(maxsize=4096)
def _template(segment: str, before: str) -> str:
    if not segment:
        return ""
    if NUMBER.fullmatch(segment) or UUID.fullmatch(segment) or HEXADECIMAL.fullmatch(segment):
        return ID
    return segment if _may_stand(segment, before) and _is_route(segment, before) else VALUE


def _is_route(segment: str, before: str) -> bool:
    if segment in ROUTES or VERSION.fullmatch(segment):
        return True
    if before == JAMF_ROOT:
        return JAMF_TYPE.fullmatch(segment) is not None
    if file := FILE.fullmatch(segment):
        segment = file["stem"]
    if len(segment) > LONGEST or NO_WORD.search(segment.lower()):
        return False
    return WORDS.fullmatch(segment) is not None or _is_camel_case(segment)


def _is_camel_case(segment: str) -> bool:
    return CAMEL_CASE.fullmatch(segment) is not None and (
        len(segment) / len(CAMEL_WORD.findall(segment)) >= LEAST_MEAN_WORD
    )


def _may_stand(segment: str, before: str) -> bool:
    """Whether a route's name is to be expected after what stands before."""
    before = before.lower()
    if before in DATA_AFTER:
        return False
    if before == VALUE:
        return _is_plural(segment) or _is_operation(segment)
    if before in HOLDERS or _is_plural(before):
        return _is_operation(segment)
    return True


def _is_operation(segment: str) -> bool:
    """``search``, also ``search-advanced``, ``searchUsers`` and ``_search``; a version is never data."""
    first = CAMEL_WORD.match(segment.lstrip("_$"))
    return (
        segment in OPERATIONS or (first is not None and first[0] in OPERATIONS) or bool(VERSION.fullmatch(segment))
    )


def _is_plural(segment: str) -> bool:
    """By its ending: ``orders``, ``resourceGroups``, but not ``status``, ``access``, ``analysis``."""
    return (
        len(segment) > 2
        and segment.endswith("s")
        and not segment.endswith(("ss", "us", "is"))
        and (segment not in ROUTES)
    )
