"""Classic API documents as XML, the way Jamf Pro writes what its JSON calls lists and objects.

JSON ``{"packages": [{…}]}`` is ``<packages><size>1</size><package>…</package></packages>``: every list has its
item's element name, and those that Jamf counts begin with ``<size>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

__all__ = ["render_xml"]

_ITEMS: Mapping[str, str] = {
    "policies": "policy",
    "scripts": "script",
    "os_x_configuration_profiles": "os_x_configuration_profile",
    "packages": "package",
    "categories": "category",
    "computer_groups": "computer_group",
    "computer_extension_attributes": "computer_extension_attribute",
    "computers": "computer",
    "criteria": "criterion",
    "buildings": "building",
    "departments": "department",
    "users": "user",
    "user_groups": "user_group",
    "network_segments": "network_segment",
    "ibeacons": "ibeacon",
    "self_service_categories": "category",
    "printers": "printer",
    "dock_items": "dock_item",
    "accounts": "account",
    "directory_bindings": "binding",
    "popup_choices": "choice",
}

# A policy's scope lists have no size; its packages, scripts, printers and dock items do, like the lists of a type.
_SIZED = frozenset({*list(_ITEMS)[:7], "criteria", "printers", "dock_items", "accounts", "directory_bindings"})
_SCOPES = frozenset({"scope", "limitations", "exclusions", "limit_to_users"})
# XML 1.0 has no way to write these; Jamf Pro drops them, too.
_ILLEGAL = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF])
# An attribute-free text may hold a quote as it is; a carriage return must be written as a reference to survive.
_ENTITIES = {"\r": "&#13;"}


def render_xml(document: Mapping[str, Any]) -> bytes:
    """A document with one root, as UTF-8 with its declaration."""
    ((root, value),) = document.items()
    parts = ['<?xml version="1.0" encoding="UTF-8"?>']
    _element(parts, root, value, "")
    return "".join(parts).encode()


def _element(parts: list[str], name: str, value: Any, parent: str) -> None:
    parts.append(f"<{name}>")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            _element(parts, key, inner, name)
    elif isinstance(value, list):
        _items(parts, name, value, parent)
    else:
        parts.append(_text(value))
    parts.append(f"</{name}>")


def _items(parts: list[str], name: str, values: list[Any], parent: str) -> None:
    if (name in _SIZED and parent not in _SCOPES) or (name == "computers" and parent == "computer_group"):
        parts.append(f"<size>{len([each for each in values if each != ''])}</size>")
    for each in values:
        if each != "":
            _element(parts, _ITEMS[name], each, name)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(str(value).translate(_ILLEGAL), _ENTITIES)
