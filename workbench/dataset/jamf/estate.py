"""Builds, digests, writes and reads the estate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workbench.dataset.draw import Stream
from workbench.dataset.jamf.catalogue import build_attributes, build_categories, build_packages, build_scripts
from workbench.dataset.jamf.groups import build_groups
from workbench.dataset.jamf.model import (
    Category,
    ComputerGroup,
    ConfigurationProfile,
    Estate,
    ExtensionAttribute,
    Package,
    Policy,
    Script,
)
from workbench.dataset.jamf.roots import Dependencies, build_policies, build_profiles
from workbench.dataset.stored import StoredDataset, size_of

__all__ = [
    "MOST_RESOURCES",
    "NAME",
    "SCALES",
    "TABLES",
    "build_estate",
    "estate_digest",
    "load_estate",
    "write_estate",
]

NAME = "jamf"

SCALES: Mapping[str, int] = MappingProxyType({"small": 16, "medium": 75, "large": 300})
"""Root resources (policies and configuration profiles) by scale."""

MOST_RESOURCES = 5_000

TABLES: Mapping[str, type[Any]] = MappingProxyType(
    {
        "categories": Category,
        "scripts": Script,
        "packages": Package,
        "extension_attributes": ExtensionAttribute,
        "groups": ComputerGroup,
        "profiles": ConfigurationProfile,
        "policies": Policy,
    }
)
"""The tables of an estate and their records; each is a field of Estate and a file on disk."""


def build_estate(*, scale: str = "small", seed: int = 1, resources: int | None = None) -> Estate:
    """The estate of this seed with as many root resources as ``scale`` says, or ``resources`` (scale "custom").

    A third of the roots are configuration profiles, the rest policies. What they share grows more slowly than they
    do, and is shared by Zipf's law, as in estates that grew over years.

    Raises:
        UsageError: unknown scale, or ``resources`` outside 1-5000.
    """
    roots = size_of(scale, resources, SCALES, MOST_RESOURCES)
    profiles = roots // 3
    policies = roots - profiles
    categories = build_categories(seed, 5 + round(1.2 * math.sqrt(roots)))
    scripts = build_scripts(seed, math.ceil(1.6 * policies**0.76), categories)
    packages = build_packages(seed, math.ceil(1.4 * policies**0.82), categories)
    attributes = build_attributes(seed, math.ceil(1.5 * math.sqrt(roots)))
    groups = build_groups(seed, math.ceil(2.0 * roots**0.66), attributes)
    popularity = Stream(seed, "jamf", "popularity")
    dependencies = Dependencies(
        categories=popularity.shuffled(categories),
        scripts=popularity.shuffled(scripts),
        packages=packages,  # in the vocabulary's order, which is the applications' popularity
        groups=popularity.shuffled(groups),
    )
    return Estate(
        seed=seed,
        scale=scale if resources is None else "custom",
        categories=categories,
        scripts=scripts,
        packages=tuple(package for package, _ in packages),
        extension_attributes=attributes,
        groups=groups,
        profiles=build_profiles(seed, profiles, dependencies),
        policies=build_policies(seed, policies, dependencies),
    )


_STORED = StoredDataset(NAME, TABLES, Estate)
estate_digest = _STORED.digest
write_estate = _STORED.write
load_estate = _STORED.load
