"""The kinds of resources an export knows, how one refers to another, and the catalog of all there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from workbench.scenarios.jamf.naming import unique_slugs

__all__ = ["ROOTS", "Catalog", "Kind", "Listed", "Ref", "build_catalog"]


class Kind(StrEnum):
    """What is exported; the value begins the resource's file name."""

    POLICY = "policy"
    PROFILE = "profile"
    SCRIPT = "script"
    PACKAGE = "package"
    CATEGORY = "category"
    GROUP = "group"
    EXTENSION_ATTRIBUTE = "extension_attribute"


ROOTS = (Kind.POLICY, Kind.PROFILE)
"""What an export is asked for; everything else comes with it."""

_TYPES = {
    Kind.POLICY: "jamfpro_policy",
    Kind.PROFILE: "jamfpro_macos_configuration_profile_plist",
    Kind.SCRIPT: "jamfpro_script",
    Kind.PACKAGE: "jamfpro_package",
    Kind.CATEGORY: "jamfpro_category",
    Kind.EXTENSION_ATTRIBUTE: "jamfpro_computer_extension_attribute",
}
_SCRIPT_SUFFIXES = frozenset({".sh", ".zsh", ".bash", ".py", ".rb", ".pl"})


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """A resource by kind and the id it has within its kind."""

    kind: Kind
    id: int

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.id}"


@dataclass(frozen=True, slots=True)
class Listed:
    """A resource as its listing shows it; ``smart`` is of groups alone."""

    ref: Ref
    name: str
    smart: bool = False


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that the listings named: small, and enough to name every file and every reference."""

    listed: Mapping[Ref, Listed]
    slugs: Mapping[Ref, str]
    by_name: Mapping[tuple[Kind, str], Ref] = field(repr=False)

    @property
    def roots(self) -> tuple[Ref, ...]:
        """Policies, then configuration profiles, by id."""
        return tuple(sorted((r for r in self.listed if r.kind in ROOTS), key=lambda r: (ROOTS.index(r.kind), r.id)))

    def address(self, ref: Ref) -> str:
        """The Terraform address, such as ``jamfpro_script.install_agent``."""
        return f"{self.type(ref)}.{self.slugs[ref]}"

    def type(self, ref: Ref) -> str:
        if ref.kind is Kind.GROUP:
            return f"jamfpro_{'smart' if self.listed[ref].smart else 'static'}_computer_group"
        return _TYPES[ref.kind]

    def file(self, ref: Ref) -> str:
        """The resource's own file, relative to the export."""
        return f"{ref.kind}_{self.slugs[ref]}.tf"

    def support_file(self, ref: Ref) -> str:
        """The file beside a script or profile that holds its contents, relative to the export."""
        if ref.kind is Kind.PROFILE:
            return f"support_files/profiles/{self.slugs[ref]}.mobileconfig"
        suffix = PurePosixPath(self.listed[ref].name.lower()).suffix
        return f"support_files/scripts/{self.slugs[ref]}{suffix if suffix in _SCRIPT_SUFFIXES else '.sh'}"

    def describe(self, ref: Ref) -> str:
        """For a person: ``script 12 (Install agent)``."""
        return f"{ref} ({self.listed[ref].name})"


def build_catalog(listed: Iterable[Listed]) -> Catalog:
    """The catalog of listed resources; where two share a kind and a name, the lower id answers to it."""
    entries = sorted(listed, key=lambda item: item.ref)
    slugs: dict[Ref, str] = {}
    for kind in Kind:
        names = {item.ref.id: item.name for item in entries if item.ref.kind is kind}
        slugs.update({Ref(kind, number): text for number, text in unique_slugs(names).items()})
    by_name = {(item.ref.kind, item.name): item.ref for item in reversed(entries)}
    return Catalog({item.ref: item for item in entries}, slugs, by_name)
