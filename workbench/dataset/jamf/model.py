"""The synthetic Jamf Pro estate: what the dataset writes, the simulator serves and the scenario exports.

Ids are positive and unique within a type, as in Jamf Pro. References between objects are ids; 0 or an absent
entry means "none". ``data/README.md`` describes every field.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Category",
    "ComputerGroup",
    "ConfigurationProfile",
    "Criterion",
    "Estate",
    "ExtensionAttribute",
    "Package",
    "Policy",
    "PolicyPackage",
    "PolicyScript",
    "Scope",
    "Script",
]


@dataclass(frozen=True, slots=True)
class Category:
    id: int
    name: str
    priority: int  # 1-20


@dataclass(frozen=True, slots=True)
class Script:
    """1-40 KB of shell, Python or zsh. ``parameters`` are the labels of Jamf's parameters 4-11."""

    id: int
    name: str
    category_id: int
    filename: str
    info: str
    notes: str
    priority: str  # "BEFORE", "AFTER" or "AT_REBOOT"
    os_requirements: str
    parameters: tuple[str, ...]
    contents: str


@dataclass(frozen=True, slots=True)
class Package:
    id: int
    name: str
    category_id: int
    filename: str
    info: str
    notes: str
    priority: int
    reboot_required: bool
    fill_user_template: bool
    os_requirements: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ExtensionAttribute:
    id: int
    name: str
    description: str
    data_type: str  # "String", "Integer" or "Date"
    input_type: str  # "script", "Text Field" or "Pop-up Menu"
    choices: tuple[str, ...]  # of a pop-up menu
    script: str  # of input type "script"
    inventory_display: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a smart group. A nested group or extension attribute is a dependency of the group."""

    name: str
    priority: int
    and_or: str  # "and" or "or"
    search_type: str
    value: str
    group_id: int = 0
    extension_attribute_id: int = 0


@dataclass(frozen=True, slots=True)
class ComputerGroup:
    id: int
    name: str
    is_smart: bool
    criteria: tuple[Criterion, ...] = ()  # of a smart group
    computers: tuple[tuple[int, str, str], ...] = ()  # of a static group: id, name, serial number


@dataclass(frozen=True, slots=True)
class Scope:
    all_computers: bool
    group_ids: tuple[int, ...] = ()
    excluded_group_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfigurationProfile:
    """A macOS configuration profile; ``payloads`` is the .mobileconfig, an XML property list."""

    id: int
    name: str
    description: str
    category_id: int
    level: str  # "System" or "User"
    distribution_method: str
    user_removable: bool
    uuid: str
    payloads: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class PolicyScript:
    script_id: int
    priority: str  # "Before" or "After"
    parameters: tuple[str, ...]  # values of parameters 4-11


@dataclass(frozen=True, slots=True)
class PolicyPackage:
    package_id: int
    action: str  # "Install", "Cache" or "Install Cached"


@dataclass(frozen=True, slots=True)
class Policy:
    id: int
    name: str
    enabled: bool
    category_id: int
    frequency: str
    triggers: tuple[str, ...]  # of "checkin", "enrollment_complete", "login", "startup", or a custom event name
    scope: Scope
    packages: tuple[PolicyPackage, ...]
    scripts: tuple[PolicyScript, ...]
    self_service: bool
    self_service_description: str
    recon: bool  # update inventory after the run


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything, ordered by id within a type. Root resources are policies and configuration profiles."""

    seed: int
    scale: str
    categories: tuple[Category, ...]
    scripts: tuple[Script, ...]
    packages: tuple[Package, ...]
    extension_attributes: tuple[ExtensionAttribute, ...]
    groups: tuple[ComputerGroup, ...]
    profiles: tuple[ConfigurationProfile, ...]
    policies: tuple[Policy, ...]

    @property
    def roots(self) -> int:
        """Number of root resources."""
        return len(self.policies) + len(self.profiles)
