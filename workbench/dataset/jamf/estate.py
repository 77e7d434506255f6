"""Builds, digests, writes and reads the estate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workbench.dataset.draw import Stream
from workbench.dataset.files import encode_tables, read_tables, tables_digest, write_tables
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
from workbench.dataset.records import RecordError, decode_rows
from workbench.errors import DatasetError, UsageError

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
    roots = _roots(scale, resources)
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


def estate_digest(estate: Estate) -> str:
    """SHA-256 (hex) of the bytes that ``write_estate`` would write; equal for equal estates."""
    return tables_digest(NAME, _header(estate), encode_tables(_tables(estate)))


def write_estate(estate: Estate, folder: Path) -> str:
    """Write the estate as a whole into ``folder`` (new, empty or an older estate); returns its digest.

    Raises:
        DatasetError: the folder holds other files, can't be written, or the disk is full.
    """
    return write_tables(folder, NAME, _header(estate), encode_tables(_tables(estate)))


def load_estate(folder: Path) -> Estate:
    """The estate in ``folder``, checked against its manifest.

    Raises:
        DatasetError: a file is missing, truncated, altered, foreign or of another version.
    """
    header, contents = read_tables(folder, NAME, tuple(TABLES))
    seed, scale = header.get("seed"), header.get("scale")
    if type(seed) is not int or not isinstance(scale, str):
        raise DatasetError(f"the manifest in {folder} names no seed and scale; build the dataset again")
    tables: dict[str, Any] = {}
    for name, record in TABLES.items():
        try:
            tables[name] = decode_rows(record, contents[name])
        except RecordError as error:
            raise DatasetError(f"{folder / name}.jsonl, {error}; build the dataset again") from error
    return Estate(seed=seed, scale=scale, **tables)


def _roots(scale: str, resources: int | None) -> int:
    if scale not in SCALES:
        raise UsageError(f"unknown scale {scale!r}; known: {', '.join(SCALES)}")
    if resources is None:
        return SCALES[scale]
    if not 1 <= resources <= MOST_RESOURCES:
        raise UsageError(f"resources must be from 1 to {MOST_RESOURCES}, not {resources}")
    return resources


def _header(estate: Estate) -> dict[str, str | int]:
    return {"scale": estate.scale, "seed": estate.seed}


def _tables(estate: Estate) -> dict[str, Any]:
    return {name: getattr(estate, name) for name in TABLES}
