"""The estate in the shapes of the Classic API (``/JSSResource``), as plain values ready for JSON or XML.

The field names and their order are those that Jamf Pro serves, as its public client libraries read them
(jamf-pro-sdk, python-jss, the Go SDK behind the Terraform provider). Sections that the estate doesn't fill have
Jamf's defaults.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from workbench.dataset.jamf.model import (
    Category,
    ComputerGroup,
    ConfigurationProfile,
    Criterion,
    Estate,
    ExtensionAttribute,
    Package,
    Policy,
    Scope,
    Script,
)
from workbench.services.jamf.defaults import (
    ACCOUNT_MAINTENANCE,
    DATE_TIME_LIMITATIONS,
    DISK_ENCRYPTION,
    EXCLUSIONS,
    FILES_PROCESSES,
    LIMITATIONS,
    NETWORK_LIMITATIONS,
    NO_SITE,
    OVERRIDE_DEFAULT_SETTINGS,
    REBOOT,
    USER_INTERACTION,
)

__all__ = ["CLASSIC_TYPES", "ClassicApi", "ClassicType"]

Document = dict[str, Any]


class Named(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


class ClassicType:
    """One kind of resource: the element names of its list and of one of it, and where the estate keeps them."""

    def __init__(self, path: str, plural: str, singular: str, attribute: str) -> None:
        self.path = path
        self.plural = plural
        self.singular = singular
        self.attribute = attribute


CLASSIC_TYPES: Mapping[str, ClassicType] = {
    kind.path: kind
    for kind in (
        ClassicType("policies", "policies", "policy", "policies"),
        ClassicType("scripts", "scripts", "script", "scripts"),
        ClassicType(
            "osxconfigurationprofiles", "os_x_configuration_profiles", "os_x_configuration_profile", "profiles"
        ),
        ClassicType("packages", "packages", "package", "packages"),
        ClassicType("categories", "categories", "category", "categories"),
        ClassicType("computergroups", "computer_groups", "computer_group", "groups"),
        ClassicType(
            "computerextensionattributes",
            "computer_extension_attributes",
            "computer_extension_attribute",
            "extension_attributes",
        ),
    )
}
"""By path segment after ``/JSSResource/``."""


class ClassicApi:
    """Looks resources up by type and id or name, and shapes them."""

    def __init__(self, estate: Estate) -> None:
        self._objects: dict[str, dict[int, Named]] = {
            path: {each.id: each for each in getattr(estate, kind.attribute)}
            for path, kind in CLASSIC_TYPES.items()
        }
        self._ids = {
            path: {each.name: each.id for each in objects.values()} for path, objects in self._objects.items()
        }
        self._shapes: Mapping[str, Callable[[Any], Document]] = {
            "policies": self._policy,
            "scripts": self._script,
            "osxconfigurationprofiles": self._profile,
            "packages": self._package,
            "categories": self._category,
            "computergroups": self._group,
            "computerextensionattributes": self._extension_attribute,
        }

    def id_of(self, path: str, name: str) -> int | None:
        """The id of the resource of that name."""
        return self._ids[path].get(name)

    def item(self, path: str, number: int) -> Document | None:
        """One resource under its element name, such as ``{"policy": {…}}``."""
        found = self._objects[path].get(number)
        return None if found is None else {CLASSIC_TYPES[path].singular: self._shapes[path](found)}

    def listing(self, path: str) -> Document:
        """All of a type: id and name, groups with ``is_smart``, extension attributes with ``enabled``."""
        return {CLASSIC_TYPES[path].plural: [_entry(each) for each in self._objects[path].values()]}

    def _named(self, path: str, number: int) -> Document:
        return {"id": number, "name": self._objects[path][number].name}

    def _category_of(self, number: int) -> Document:
        return self._named("categories", number) if number else {"id": -1, "name": "No category assigned"}

    def _category_name(self, number: int) -> str:
        return self._objects["categories"][number].name if number else "No category assigned"

    def _scope(self, scope: Scope) -> Document:
        return {
            "all_computers": scope.all_computers,
            "all_jss_users": False,
            "computers": [],
            "computer_groups": self._groups(scope.group_ids),
            "buildings": [],
            "departments": [],
            "limit_to_users": {"user_groups": []},
            "limitations": LIMITATIONS,
            "exclusions": {**EXCLUSIONS, "computer_groups": self._groups(scope.excluded_group_ids)},
        }

    def _groups(self, numbers: Iterable[int]) -> list[Document]:
        return [self._named("computergroups", number) for number in numbers]

    def _policy(self, policy: Policy) -> Document:
        return {
            "general": self._policy_general(policy),
            "scope": self._scope(policy.scope),
            "self_service": self._policy_self_service(policy),
            "package_configuration": {
                "packages": [
                    {**self._named("packages", each.package_id), "action": each.action, "fut": False, "feu": False}
                    for each in policy.packages
                ],
                "distribution_point": "default",
            },
            "scripts": [
                {
                    **self._named("scripts", each.script_id),
                    "priority": each.priority,
                    **_parameters(each.parameters, all_of_them=True),
                }
                for each in policy.scripts
            ],
            "printers": [""],
            "dock_items": [],
            "account_maintenance": ACCOUNT_MAINTENANCE,
            "reboot": REBOOT,
            "maintenance": _maintenance(policy.recon),
            "files_processes": FILES_PROCESSES,
            "user_interaction": USER_INTERACTION,
            "disk_encryption": DISK_ENCRYPTION,
        }

    def _policy_general(self, policy: Policy) -> Document:
        triggers = set(policy.triggers)
        return {
            "id": policy.id,
            "name": policy.name,
            "enabled": policy.enabled,
            "trigger": "EVENT" if triggers else "USER_INITIATED",
            **{f"trigger_{name}": name in triggers for name in _TRIGGERS},
            "trigger_other": next((each for each in policy.triggers if each not in _TRIGGERS), ""),
            "frequency": policy.frequency,
            "retry_event": "none",
            "retry_attempts": -1,
            "notify_on_each_failed_retry": False,
            "location_user_only": False,
            "target_drive": "/",
            "offline": False,
            "category": self._category_of(policy.category_id),
            "date_time_limitations": DATE_TIME_LIMITATIONS,
            "network_limitations": NETWORK_LIMITATIONS,
            "override_default_settings": OVERRIDE_DEFAULT_SETTINGS,
            "network_requirements": "Any",
            "site": NO_SITE,
        }

    def _policy_self_service(self, policy: Policy) -> Document:
        shown = policy.self_service and policy.category_id
        return {
            "use_for_self_service": policy.self_service,
            "self_service_display_name": policy.name if policy.self_service else "",
            "install_button_text": "Install",
            "reinstall_button_text": "Reinstall",
            "self_service_description": policy.self_service_description,
            "force_users_to_view_description": False,
            "self_service_icon": {},
            "feature_on_main_page": False,
            "self_service_categories": [
                {**self._category_of(policy.category_id), "display_in": True, "feature_in": False}
            ]
            if shown
            else [],
            "notification": "Self Service",
            "notification_subject": "",
            "notification_message": "",
        }

    def _profile(self, profile: ConfigurationProfile) -> Document:
        return {
            "general": {
                "id": profile.id,
                "name": profile.name,
                "description": profile.description,
                "site": NO_SITE,
                "category": self._category_of(profile.category_id),
                "distribution_method": profile.distribution_method,
                "user_removable": profile.user_removable,
                "level": profile.level,
                "uuid": profile.uuid,
                "redeploy_on_update": "Newly Assigned",
                "payloads": profile.payloads,
            },
            "scope": self._scope(profile.scope),
            "self_service": {
                "self_service_display_name": "",
                "install_button_text": "Install",
                "self_service_description": "",
                "force_users_to_view_description": False,
                "security": {"removal_disallowed": "Never"},
                "self_service_icon": {},
                "feature_on_main_page": False,
                "self_service_categories": [],
                "notification": False,
                "notification_subject": "",
                "notification_message": "",
            },
        }

    def _script(self, script: Script) -> Document:
        return {
            "id": script.id,
            "name": script.name,
            "category": self._category_name(script.category_id),
            "filename": script.filename,
            "info": script.info,
            "notes": script.notes,
            "priority": _CLASSIC_PRIORITY[script.priority],
            "parameters": _parameters(script.parameters),
            "os_requirements": script.os_requirements,
            "script_contents": script.contents,
            "script_contents_encoded": base64.b64encode(script.contents.encode()).decode(),
        }

    def _package(self, package: Package) -> Document:
        return {
            "id": package.id,
            "name": package.name,
            "category": self._category_name(package.category_id),
            "filename": package.filename,
            "info": package.info,
            "notes": package.notes,
            "priority": package.priority,
            "reboot_required": package.reboot_required,
            "fill_user_template": package.fill_user_template,
            "fill_existing_users": False,
            "allow_uninstalled": False,
            "os_requirements": package.os_requirements,
            "required_processor": "None",
            "hash_type": "SHA_256",
            "hash_value": package.sha256,
            "switch_with_package": "Do Not Install",
            "install_if_reported_available": False,
            "reinstall_option": "Do Not Reinstall",
            "triggering_files": {},
            "send_notification": False,
        }

    def _category(self, category: Category) -> Document:
        return {"id": category.id, "name": category.name, "priority": category.priority}

    def _group(self, group: ComputerGroup) -> Document:
        return {
            "id": group.id,
            "name": group.name,
            "is_smart": group.is_smart,
            "site": NO_SITE,
            "criteria": [_criterion(each) for each in group.criteria],
            "computers": [
                {"id": number, "name": name, "mac_address": "", "alt_mac_address": "", "serial_number": serial}
                for number, name, serial in group.computers
            ],
        }

    def _extension_attribute(self, attribute: ExtensionAttribute) -> Document:
        input_type: Document = {"type": attribute.input_type}
        if attribute.input_type == "script":
            input_type |= {"platform": "Mac", "script": attribute.script}
        elif attribute.choices:
            input_type |= {"popup_choices": list(attribute.choices)}
        return {
            "id": attribute.id,
            "name": attribute.name,
            "enabled": True,
            "description": attribute.description,
            "data_type": attribute.data_type,
            "input_type": input_type,
            "inventory_display": attribute.inventory_display,
        }


_TRIGGERS = ("checkin", "enrollment_complete", "login", "logout", "network_state_changed", "startup")
_CLASSIC_PRIORITY: Mapping[str, str] = {"BEFORE": "Before", "AFTER": "After", "AT_REBOOT": "At Reboot"}


def _entry(each: Named) -> Document:
    entry: Document = {"id": each.id, "name": each.name}
    if isinstance(each, ComputerGroup):
        entry["is_smart"] = each.is_smart
    if isinstance(each, ExtensionAttribute):
        entry["enabled"] = True
    return entry


def _parameters(values: Sequence[str], *, all_of_them: bool = False) -> Document:
    """Jamf numbers a script's parameters 4 to 11; 1 to 3 are its own."""
    filled = [*values, *[""] * (8 - len(values))] if all_of_them else values
    return {f"parameter{number}": value for number, value in enumerate(filled, 4)}


def _criterion(criterion: Criterion) -> Document:
    return {
        "name": criterion.name,
        "priority": criterion.priority,
        "and_or": criterion.and_or,
        "search_type": criterion.search_type,
        "value": criterion.value,
        "opening_paren": False,
        "closing_paren": False,
    }


def _maintenance(recon: bool) -> Document:
    rest = ("reset_name", "install_all_cached_packages", "heal", "prebindings", "permissions", "byhost")
    return {"recon": recon, **dict.fromkeys((*rest, "system_cache", "user_cache", "verify"), False)}
