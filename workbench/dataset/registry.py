"""The datasets by name, with what a command needs to build and to describe one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workbench.dataset import azure, jamf, objects, workflows
from workbench.dataset.files import read_name
from workbench.errors import UsageError
from workbench.suggestions import suggestion

__all__ = ["Dataset", "get", "name_of", "names"]


class _Build(Protocol):
    def __call__(self, folder: Path, *, scale: str, seed: int, resources: int | None) -> str: ...


class _Describe(Protocol):
    def __call__(self, folder: Path) -> str: ...


@dataclass(frozen=True, slots=True)
class Dataset:
    """``build`` writes the dataset into a folder and returns its digest; ``describe`` reads it and tells of it.

    Both raise DatasetError, and ``build`` raises UsageError for a scale or size that the dataset doesn't have.
    """

    name: str
    summary: str
    scales: Mapping[str, int]
    build: _Build
    describe: _Describe


def names() -> tuple[str, ...]:
    return tuple(_DATASETS)


def get(name: str) -> Dataset:
    """The dataset of this name.

    Raises:
        UsageError: there is none; the text lists the known ones.
    """
    if name not in _DATASETS:
        raise UsageError(f"unknown dataset {name!r}{suggestion(name, _DATASETS)}")
    return _DATASETS[name]


def name_of(folder: Path) -> str:
    """Which dataset was written to the folder. Raises DatasetError if none was."""
    return read_name(folder)


def _build_azure(folder: Path, *, scale: str, seed: int, resources: int | None) -> str:
    return azure.write_tenant(azure.build_tenant(scale=scale, seed=seed, resources=resources), folder)


def _describe_azure(folder: Path) -> str:
    return azure.describe(azure.load_tenant(folder))


def _build_jamf(folder: Path, *, scale: str, seed: int, resources: int | None) -> str:
    return jamf.write_estate(jamf.build_estate(scale=scale, seed=seed, resources=resources), folder)


def _describe_jamf(folder: Path) -> str:
    return jamf.describe(jamf.load_estate(folder))


def _build_objects(folder: Path, *, scale: str, seed: int, resources: int | None) -> str:
    return objects.write_listing(objects.build_listing(scale=scale, seed=seed, resources=resources), folder)


def _describe_objects(folder: Path) -> str:
    return objects.describe(objects.load_listing(folder))


def _build_workflows(folder: Path, *, scale: str, seed: int, resources: int | None) -> str:
    return workflows.write_library(workflows.build_library(scale=scale, seed=seed, resources=resources), folder)


def _describe_workflows(folder: Path) -> str:
    return workflows.describe(workflows.load_library(folder))


_DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset("jamf", "a Jamf Pro estate and its dependency graph", jamf.SCALES, _build_jamf, _describe_jamf),
        Dataset(
            "azure",
            "an Azure tenant: resources of 36 types and how they relate",
            azure.SCALES,
            _build_azure,
            _describe_azure,
        ),
        Dataset(
            "objects",
            "files of an object store, with names that break careless code",
            objects.SCALES,
            _build_objects,
            _describe_objects,
        ),
        Dataset(
            "workflows",
            "workflows and templates with their versions' payloads",
            workflows.SCALES,
            _build_workflows,
            _describe_workflows,
        ),
    )
}
