"""What a resource's JSON becomes in Terraform, one function a kind; the references in it are its dependencies.

Resource and attribute names are those of the ``deploymenttheory/jamfpro`` provider; the JSON is the Classic API's
for policies, profiles, groups and extension attributes, the Jamf Pro API's for scripts, packages and categories.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from workbench.scenarios.jamf.hcl import Attribute, Block, Entry, Expression
from workbench.scenarios.jamf.references import Reference, SupportFile
from workbench.scenarios.jamf.resources import Catalog, Kind, Ref

__all__ = ["PROVIDER", "describe"]

Json = Mapping[str, Any]

PROVIDER = Block(
    "terraform",
    (Block("required_providers", (("jamfpro", Expression('{ source = "deploymenttheory/jamfpro" }')),)),),
)

_TRIGGERS = ("checkin", "enrollment_complete", "login", "network_state_changed", "startup")


def describe(catalog: Catalog, ref: Ref, body: Json) -> Block:
    """The ``resource`` of ``body``. Raises ``KeyError``, ``TypeError`` or ``ValueError`` at another shape."""
    labels = (catalog.type(ref), catalog.slugs[ref])
    return Block("resource", tuple(_DESCRIBERS[ref.kind](catalog, ref, body)), labels)


def _policy(catalog: Catalog, ref: Ref, body: Json) -> Sequence[Entry]:
    general = body["general"]
    service = body["self_service"]
    return [
        ("name", _text(general, "name")),
        ("enabled", _flag(general, "enabled")),
        *((f"trigger_{name}", _flag(general, f"trigger_{name}")) for name in _TRIGGERS),
        ("trigger_other", _text(general, "trigger_other")),
        ("frequency", _text(general, "frequency")),
        *_category(catalog, general["category"]["id"]),
        _scope(catalog, body["scope"]),
        Block(
            "self_service",
            (
                ("use_for_self_service", _flag(service, "use_for_self_service")),
                ("self_service_description", _text(service, "self_service_description")),
            ),
        ),
        Block("payloads", tuple(_payloads(catalog, body))),
    ]


def _payloads(catalog: Catalog, body: Json) -> Sequence[Entry]:
    packages = [
        Block("package", (("id", _to(catalog, Kind.PACKAGE, item["id"])), ("action", _text(item, "action"))))
        for item in body["package_configuration"]["packages"]
    ]
    scripts = [
        Block(
            "scripts",
            (
                ("id", _to(catalog, Kind.SCRIPT, item["id"])),
                ("priority", _text(item, "priority")),
                *_parameters(item),
            ),
        )
        for item in body["scripts"]
    ]
    maintenance = Block("maintenance", (("recon", _flag(body["maintenance"], "recon")),))
    return [*([Block("packages", tuple(packages))] if packages else []), *scripts, maintenance]


def _profile(catalog: Catalog, ref: Ref, body: Json) -> Sequence[Entry]:
    general = body["general"]
    return [
        ("name", _text(general, "name")),
        ("description", _text(general, "description")),
        ("level", _text(general, "level")),
        ("distribution_method", _text(general, "distribution_method")),
        ("user_removable", _flag(general, "user_removable")),
        ("redeploy_on_update", "Newly Assigned"),
        ("payloads", SupportFile.of(catalog, ref)),
        *_category(catalog, general["category"]["id"]),
        _scope(catalog, body["scope"]),
    ]


def _script(catalog: Catalog, ref: Ref, body: Json) -> Sequence[Entry]:
    return [
        ("name", _text(body, "name")),
        ("info", _text(body, "info")),
        ("notes", _text(body, "notes")),
        ("priority", _text(body, "priority")),
        ("os_requirements", _text(body, "osRequirements")),
        ("script_contents", SupportFile.of(catalog, ref)),
        *_parameters(body),
        *_category(catalog, body["categoryId"]),
    ]


def _package(catalog: Catalog, ref: Ref, body: Json) -> Sequence[Entry]:
    return [
        ("package_name", _text(body, "packageName")),
        ("filename", _text(body, "fileName")),
        ("info", _text(body, "info")),
        ("notes", _text(body, "notes")),
        ("priority", int(body["priority"])),
        ("os_requirements", _text(body, "osRequirements")),
        ("fill_user_template", _flag(body, "fillUserTemplate")),
        ("reboot_required", _flag(body, "rebootRequired")),
        *_category(catalog, body["categoryId"]),
    ]


def _describe_category(catalog: Catalog, ref: Ref, body: Json) -> Sequence[Entry]:
    return [("name", _text(body, "name")), ("priority", int(body["priority"]))]


def _group(catalog: Catalog, ref: Ref, body: Json) -> Sequence[Entry]:
    name = ("name", _text(body, "name"))
    if not catalog.listed[ref].smart:
        return [name, ("assigned_computer_ids", tuple(int(item["id"]) for item in body["computers"]))]
    return [name, *(_criterion(catalog, item) for item in body["criteria"])]


def _criterion(catalog: Catalog, item: Json) -> Block:
    name, value = _text(item, "name"), _text(item, "value")
    attribute = catalog.by_name.get((Kind.EXTENSION_ATTRIBUTE, name))
    group = catalog.by_name.get((Kind.GROUP, value)) if name == "Computer Group" else None
    return Block(
        "criteria",
        (
            ("name", Reference.to(catalog, attribute, attribute="name", literal=name) if attribute else name),
            ("priority", int(item["priority"])),
            ("and_or", _text(item, "and_or")),
            ("search_type", _text(item, "search_type")),
            ("value", Reference.to(catalog, group, attribute="name", literal=value) if group else value),
        ),
    )


def _extension_attribute(catalog: Catalog, ref: Ref, body: Json) -> Sequence[Entry]:
    source = body["input_type"]
    entries: list[Attribute] = [
        ("name", _text(body, "name")),
        ("description", _text(body, "description")),
        ("data_type", _text(body, "data_type")),
        ("inventory_display_type", _text(body, "inventory_display")),
        ("input_type", _text(source, "type")),
    ]
    if source.get("script"):
        entries.append(("script_contents", _text(source, "script")))
    if source.get("popup_choices"):
        entries.append(("popup_menu_choices", tuple(str(choice) for choice in source["popup_choices"])))
    return entries


def _scope(catalog: Catalog, scope: Json) -> Block:
    entries: list[Entry] = [("all_computers", _flag(scope, "all_computers")), *_groups(catalog, scope)]
    excluded = _groups(catalog, scope["exclusions"])
    return Block("scope", (*entries, *([Block("exclusions", tuple(excluded))] if excluded else [])))


def _groups(catalog: Catalog, scope: Json) -> list[Attribute]:
    found = tuple(_to(catalog, Kind.GROUP, item["id"]) for item in scope["computer_groups"])
    return [("computer_group_ids", found)] if found else []


def _category(catalog: Catalog, number: str | int) -> list[Attribute]:
    """Jamf says -1 for "no category"."""
    return [("category_id", _to(catalog, Kind.CATEGORY, number))] if int(number) > 0 else []


def _parameters(body: Json) -> list[Attribute]:
    """The values or labels of parameters 4-11, without those that are empty."""
    names = [f"parameter{number}" for number in range(4, 12)]
    return [(name, _text(body, name)) for name in names if body.get(name)]


def _to(catalog: Catalog, kind: Kind, number: str | int) -> int | str | Expression:
    return Reference.to(catalog, Ref(kind, int(number)))


def _text(body: Json, key: str) -> str:
    """A missing text is an error, a null one is empty: the Jamf Pro API uses both null and ""."""
    value = body[key]
    return "" if value is None else str(value)


def _flag(body: Json, key: str) -> bool:
    value = body[key]
    if not isinstance(value, bool):
        raise TypeError(f"{key} is not a boolean")
    return value


_DESCRIBERS: Mapping[Kind, Callable[[Catalog, Ref, Json], Sequence[Entry]]] = {
    Kind.POLICY: _policy,
    Kind.PROFILE: _profile,
    Kind.SCRIPT: _script,
    Kind.PACKAGE: _package,
    Kind.CATEGORY: _describe_category,
    Kind.GROUP: _group,
    Kind.EXTENSION_ATTRIBUTE: _extension_attribute,
}
