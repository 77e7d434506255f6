"""Answers of Azure Resource Manager, and its errors: codes and texts as the real one gives them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workbench.services.simulator.reply import Reply

__all__ = ["ArmError", "arm_error", "arm_json"]

_JSON = b"application/json; charset=utf-8"


def arm_json(document: Any, status: int = 200) -> Reply:
    return Reply(status, _JSON, json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())


def arm_error(status: int, code: str, message: str) -> Reply:
    """``{"error": {"code": …, "message": …}}``, the OData v4 error that all of Azure uses."""
    return arm_json({"error": {"code": code, "message": message}}, status)


class ArmError(Exception):
    """Ends the work on a request with this reply."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.reply = arm_error(status, code, message)

    @classmethod
    def missing_version(cls) -> ArmError:
        text = "The api-version query parameter (?api-version=) is required for all requests."
        return cls(400, "MissingApiVersionParameter", text)

    @classmethod
    def invalid_version(cls, version: str, supported: Sequence[str]) -> ArmError:
        known = ",".join(supported)
        text = f"The api-version '{version}' is invalid. The supported versions are '{known}'."
        return cls(400, "InvalidApiVersionParameter", text)

    @classmethod
    def no_provider(
        cls, kind: str, location: str, version: str, supported: Sequence[str], locations: Sequence[str]
    ) -> ArmError:
        text = (
            f"No registered resource provider found for location '{location}' and API version '{version}' "
            f"for type '{kind}'. The supported api-versions are '{', '.join(supported)}'. "
            f"The supported locations are '{', '.join(locations)}'."
        )
        return cls(400, "NoRegisteredProviderFound", text)

    @classmethod
    def invalid_namespace(cls, namespace: str) -> ArmError:
        return cls(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")

    @classmethod
    def invalid_type(cls, namespace: str, kind: str, version: str, supported: Sequence[str]) -> ArmError:
        text = (
            f"The resource type '{kind}' could not be found in the namespace '{namespace}' for api version "
            f"'{version}'. The supported api-versions are '{','.join(supported)}'."
        )
        return cls(404, "InvalidResourceType", text)

    @classmethod
    def no_subscription(cls, subscription: str) -> ArmError:
        return cls(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")

    @classmethod
    def no_group(cls, name: str) -> ArmError:
        return cls(404, "ResourceGroupNotFound", f"Resource group '{name}' could not be found.")

    @classmethod
    def no_resource(cls, kind: str, name: str, group: str) -> ArmError:
        text = (
            f"The Resource '{kind}/{name}' under resource group '{group}' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        )
        return cls(404, "ResourceNotFound", text)

    @classmethod
    def no_path(cls) -> ArmError:
        text = "No HTTP resource was found that matches the request URI."
        return cls(404, "NotFound", text)
