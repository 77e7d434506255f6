"""The root resources, policies and configuration profiles, with references to what they depend on."""

from __future__ import annotations

import plistlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.dataset.draw import Stream
from workbench.dataset.jamf.model import (
    Category,
    ComputerGroup,
    ConfigurationProfile,
    Package,
    Policy,
    PolicyPackage,
    PolicyScript,
    Scope,
    Script,
)
from workbench.dataset.jamf.naming import Names, spaced_ids
from workbench.dataset.jamf.payloads import CERTIFICATE_TYPE, PAYLOADS, certificate
from workbench.dataset.jamf.vocabulary import DEPARTMENTS, SITES, App

__all__ = ["Dependencies", "build_policies", "build_profiles"]

_NAMESPACE = uuid.UUID("4b7e2c0e-6f0b-5d63-9f55-0d8f7a1f3b21")
_KINDS = {"Install": 34, "Update": 26, "Uninstall": 8, "Configure": 16, "Enrollment": 8, "Maintenance": 8}
_FREQUENCIES = {
    "Install": "Once per computer",
    "Update": "Ongoing",
    "Uninstall": "Once per computer",
    "Configure": "Once per user",
    "Enrollment": "Once per computer",
    "Maintenance": "Once every week",
}
_VALUES = (
    "stable",
    "beta",
    "15",
    "yes",
    "no",
    "it@example.org",
    "MAC-",
    "Später",
    "install-${APP}",
    "%{channel}",
    "",
)


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What roots may refer to; each sequence in order of popularity."""

    categories: Sequence[Category]
    scripts: Sequence[Script]
    packages: Sequence[tuple[Package, App]]
    groups: Sequence[ComputerGroup]


def build_policies(seed: int, count: int, dependencies: Dependencies) -> tuple[Policy, ...]:
    stream = Stream(seed, "jamf", "policies")
    names = Names(stream)
    return tuple(_policy(stream, number, names, dependencies) for number in spaced_ids(stream, count))


def _policy(stream: Stream, number: int, names: Names, dependencies: Dependencies) -> Policy:
    kind = stream.weighted(_KINDS)
    package, app = stream.skewed(dependencies.packages)
    place = stream.weighted({"": 5, f" – {stream.pick(DEPARTMENTS)}": 3, f" ({stream.pick(SITES)})": 2})
    packages = [package] if kind in ("Install", "Update") else []
    if kind == "Enrollment":
        packages = [each for each, _ in stream.several(dependencies.packages, 3)]
    self_service = kind == "Install" and stream.chance(0.6)
    return Policy(
        id=number,
        name=names.next(f"{kind} {app.name}{place}"),
        enabled=stream.chance(0.93),
        category_id=0 if stream.chance(0.05) else stream.skewed(dependencies.categories).id,
        frequency="Ongoing" if self_service else _FREQUENCIES[kind],
        triggers=_triggers(stream, kind, app, self_service),
        scope=_scope(stream, dependencies.groups),
        packages=tuple(PolicyPackage(each.id, stream.weighted({"Install": 9, "Cache": 1})) for each in packages),
        scripts=_policy_scripts(stream, kind, dependencies.scripts),
        self_service=self_service,
        self_service_description=_self_service_text(stream, app) if self_service else "",
        recon=kind != "Maintenance" or stream.chance(0.5),
    )


def _policy_scripts(stream: Stream, kind: str, scripts: Sequence[Script]) -> tuple[PolicyScript, ...]:
    """Installers often need none; everything else lives by its scripts."""
    few = {0: 45, 1: 35, 2: 15, 3: 5}
    count = stream.weighted(few if kind in ("Install", "Update") else {1: 50, 2: 30, 3: 15, 5: 5})
    return tuple(
        PolicyScript(
            script_id=script.id,
            priority="Before" if script.priority == "BEFORE" else "After",
            parameters=tuple(stream.pick(_VALUES) for _ in script.parameters),
        )
        for script in stream.several(scripts, count, exponent=0.8)
    )


def _triggers(stream: Stream, kind: str, app: App, self_service: bool) -> tuple[str, ...]:
    if self_service:
        return ()
    if kind == "Enrollment":
        return ("enrollment_complete",)
    triggers = [stream.weighted({"checkin": 8, "login": 1, "startup": 1})]
    if stream.chance(0.35):
        triggers.append(f"{kind.lower()}-{app.name.replace(' ', '')}")
    return tuple(triggers)


def _self_service_text(stream: Stream, app: App) -> str:
    place = stream.pick(SITES)
    minutes = stream.number(1, 20)
    return f"**{app.name}** for everybody in {place}.\n\n* takes about {minutes} minutes\n* ask “IT” for help"


def _scope(stream: Stream, groups: Sequence[ComputerGroup]) -> Scope:
    everybody = stream.chance(0.3)
    included = (
        () if everybody else stream.several(groups, stream.weighted({1: 55, 2: 30, 3: 10, 4: 5}), exponent=0.9)
    )
    excluded = stream.several(groups, stream.weighted({0: 60, 1: 30, 2: 10}), exponent=0.9)
    chosen = {group.id for group in included}
    return Scope(
        all_computers=everybody,
        group_ids=tuple(group.id for group in included),
        excluded_group_ids=tuple(group.id for group in excluded if group.id not in chosen),
    )


def build_profiles(seed: int, count: int, dependencies: Dependencies) -> tuple[ConfigurationProfile, ...]:
    stream = Stream(seed, "jamf", "profiles")
    names = Names(stream)
    return tuple(_profile(stream, seed, number, names, dependencies) for number in spaced_ids(stream, count))


def _profile(
    stream: Stream, seed: int, number: int, names: Names, dependencies: Dependencies
) -> ConfigurationProfile:
    kinds = tuple(dict.fromkeys(stream.weighted(_COMMON) for _ in range(stream.weighted({1: 70, 2: 22, 3: 8}))))
    site = stream.pick(SITES)
    name = names.next(f"{' + '.join(PAYLOADS[kind][0] for kind in kinds)} – {site}")
    identity = str(uuid.uuid5(_NAMESPACE, f"profile/{seed}/{number}")).upper()
    level = "User" if stream.chance(0.12) else "System"
    description = f"Managed by IT in {site}" if stream.chance(0.6) else ""
    removable = stream.chance(0.1)
    document = _envelope(name, description, identity, level, removable, _contents(stream, kinds, identity))
    return ConfigurationProfile(
        id=number,
        name=name,
        description=description,
        category_id=0 if stream.chance(0.1) else stream.skewed(dependencies.categories).id,
        level=level,
        distribution_method="Make Available in Self Service" if stream.chance(0.1) else "Install Automatically",
        user_removable=removable,
        uuid=identity,
        payloads=plistlib.dumps(document).decode(),
        scope=_scope(stream, dependencies.groups),
    )


_COMMON = {kind: weight for kind, (_, weight, _) in PAYLOADS.items()}


def _contents(stream: Stream, kinds: Sequence[str], identity: str) -> list[dict[str, Any]]:
    """The payload dictionaries; a recovery key's escrow brings the certificate that it encrypts with."""
    contents: list[dict[str, Any]] = []
    for kind in kinds:
        keys = PAYLOADS[kind][2](stream)
        if "EncryptCertPayloadUUID" in keys:
            enclosed = _payload(CERTIFICATE_TYPE, "Escrow certificate", identity, certificate())
            keys["EncryptCertPayloadUUID"] = enclosed["PayloadUUID"]
            contents.append(enclosed)
        contents.append(_payload(kind, PAYLOADS[kind][0], identity, keys))
    return contents


def _payload(kind: str, title: str, identity: str, keys: dict[str, Any]) -> dict[str, Any]:
    unique = str(uuid.uuid5(uuid.UUID(identity), kind)).upper()
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"example.it.{unique}",
        "PayloadUUID": unique,
        "PayloadDisplayName": title,
        "PayloadEnabled": True,
        **keys,
    }


def _envelope(
    name: str, description: str, identity: str, level: str, removable: bool, contents: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": identity,
        "PayloadUUID": identity,
        "PayloadDisplayName": name,
        "PayloadDescription": description,
        "PayloadOrganization": "Example Organisation",
        "PayloadScope": level,
        "PayloadRemovalDisallowed": not removable,
        "PayloadContent": contents,
    }
