"""The description service: slow, limited, and no part of Azure; it stands for a hosted language model."""

from __future__ import annotations

import json
from typing import Any

from workbench.services.azure.replies import arm_error, arm_json
from workbench.services.simulator.reply import Reply

__all__ = ["describe_resource", "read_resource"]


def read_resource(body: bytes) -> dict[str, Any] | Reply:
    """The resource in a request's body, which needs ``id`` and ``type``; else what is wrong."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return arm_error(400, "InvalidJson", "The body is not JSON.")
    if not isinstance(document, dict) or not all(isinstance(document.get(key), str) for key in ("id", "type")):
        return arm_error(400, "InvalidRequest", "The body must be an object with id and type.")
    return document


def describe_resource(document: dict[str, Any]) -> Reply:
    """The same words for the same resource."""
    name, location = document["id"].rpartition("/")[2], document.get("location", "unknown")
    size = len(json.dumps(document.get("properties", {})))
    text = f"{name} is a {document['type']} in {location}, configured by {size} characters of properties."
    return arm_json({"id": document["id"], "description": text})
