"""Which request means what: the URL surface of both APIs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from workbench.services.jamf.classic import CLASSIC_TYPES, ClassicApi
from workbench.services.jamf.pro import VERSION, ProApi
from workbench.services.jamf.query import BadQuery
from workbench.services.jamf.replies import classic_error, classic_json, classic_xml, pro_error, pro_json
from workbench.services.jamf.xml import render_xml
from workbench.services.simulator.reply import Reply

__all__ = ["Resources", "Target", "is_classic", "parse_query"]


class Target(NamedTuple):
    """A request for a resource: ``endpoint`` names its latency, ``resource`` what faults and draws are kept by."""

    endpoint: str
    resource: str
    path: tuple[str, ...]


def is_classic(path: str) -> bool:
    return path.startswith("/JSSResource")


def parse_query(raw: bytes) -> dict[str, str]:
    return dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))


class Resources:
    """Answers requests for resources from the estate; each body is rendered once and kept."""

    def __init__(self, classic: ClassicApi, pro: ProApi) -> None:
        self._classic = classic
        self._pro = pro
        self._kept: dict[tuple[object, ...], Reply] = {}

    def find(self, path: str) -> Target | None:
        """What the path asks for, whether or not that resource exists; None if there is no such endpoint."""
        parts = tuple(path.strip("/").split("/"))
        if parts[0] == "JSSResource":
            return self._find_classic(parts[1:])
        if parts[:2] == ("api", "v1"):
            return self._find_pro(parts[2:])
        return None

    def _find_classic(self, parts: tuple[str, ...]) -> Target | None:
        if not parts or parts[0] not in CLASSIC_TYPES:
            return None
        if len(parts) == 1:
            return Target(f"{parts[0]}/list", parts[0], parts)
        if len(parts) >= 3 and parts[1] in ("id", "name"):
            return Target(f"{parts[0]}/item", self._classic_resource(parts), parts)
        return None

    def _classic_resource(self, parts: tuple[str, ...]) -> str:
        """By id, also if it was asked for by name: the same thing has the same draws."""
        value = "/".join(parts[2:])
        number = self._classic.id_of(parts[0], value) if parts[1] == "name" else value
        return f"{parts[0]}/{number}"

    def _find_pro(self, parts: tuple[str, ...]) -> Target | None:
        if parts == ("jamf-pro-version",):
            return Target("version", "version", parts)
        if parts == ("auth",):
            return Target("auth", "auth", parts)
        if not parts or parts[0] not in self._pro:
            return None
        if len(parts) == 1:
            return Target(f"v1/{parts[0]}/list", parts[0], parts)
        if len(parts) == 2:
            return Target(f"v1/{parts[0]}/item", "/".join(parts), parts)
        if parts[0] == "scripts" and parts[2:] == ("download",):
            return Target("v1/scripts/download", "/".join(parts[:2]), parts)
        return None

    def answer(self, target: Target, accept: str, query: bytes) -> Reply:
        """The reply to a GET."""
        classic = target.path[0] in CLASSIC_TYPES and not target.endpoint.startswith("v1/")
        key = (target, _wants_json(accept)) if classic else (target, query)
        if key not in self._kept:
            reply = (
                self._classic_reply(target.path, _wants_json(accept)) if classic else self._pro_reply(target, query)
            )
            if reply.status != 200:
                return reply  # kept, they would grow with every wrong name
            self._kept[key] = reply
        return self._kept[key]

    def _classic_reply(self, path: tuple[str, ...], as_json: bool) -> Reply:
        document = self._classic.listing(path[0]) if len(path) == 1 else self._classic_item(path)
        if document is None:
            return classic_error(404)
        return classic_json(document) if as_json else classic_xml(render_xml(document))

    def _classic_item(self, path: tuple[str, ...]) -> Mapping[str, object] | None:
        value = "/".join(path[2:])
        number = self._classic.id_of(path[0], value) if path[1] == "name" else _number(value)
        return None if number is None else self._classic.item(path[0], number)

    def _pro_reply(self, target: Target, query: bytes) -> Reply:
        kind = target.path[0]
        if target.endpoint == "version":
            return pro_json({"version": VERSION})
        if target.endpoint == "auth":
            return pro_json(_AUTHORIZATION)
        if len(target.path) == 1:
            return self._pro_page(kind, query)
        record = self._pro.item(kind, target.path[1])
        if record is None:
            return pro_error(404, "INVALID_ID", f"no {kind} with id {target.path[1]}", "id")
        if target.endpoint.endswith("/download"):
            return Reply(200, b"text/plain;charset=UTF-8", record["scriptContents"].encode())
        return pro_json(record)

    def _pro_page(self, kind: str, query: bytes) -> Reply:
        try:
            return pro_json(self._pro.page(kind, parse_query(query)))
        except BadQuery as error:
            return pro_error(400, "INVALID_QUERY", str(error), error.field)


_AUTHORIZATION: Mapping[str, object] = {
    "account": {
        "id": "1",
        "username": "workbench",
        "realName": "Workbench",
        "email": "",
        "preferences": {"language": "en", "dateFormat": "MM/dd/yyyy", "region": "Etc/UTC", "timezone": "Etc/UTC"},
        "isMultiSiteAdmin": False,
        "accessLevel": "FullAccess",
        "privilegeSet": "AUDITOR",
        "currentSiteId": "-1",
    },
    "accountGroups": [],
    "sites": [],
    "authenticationType": "JSS",
}


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _wants_json(accept: str) -> bool:
    """Whether JSON stands in the Accept header, and before XML: the Classic API's default is XML."""
    as_json = accept.find("json")
    as_xml = accept.find("xml")
    return as_json >= 0 and (as_xml < 0 or as_json < as_xml)
