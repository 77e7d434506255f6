"""The estate in the shapes of the Jamf Pro API (``/api/v1``): camel case, ids as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.dataset.jamf.model import Category, Estate, Package, Script
from workbench.services.jamf.query import select_page

__all__ = ["VERSION", "ProApi"]

VERSION = "11.21.0-t1757936213"
"""What ``/api/v1/jamf-pro-version`` says; the release whose shapes are served."""

Document = dict[str, Any]

_DEFAULT_SORT: Mapping[str, str] = {"scripts": "name:asc", "categories": "id:asc", "packages": "id:asc"}


class ProApi:
    """Scripts, categories and packages by path segment and id, and their pages."""

    def __init__(self, estate: Estate) -> None:
        names = {each.id: each.name for each in estate.categories}
        self._records: dict[str, dict[str, Document]] = {
            "scripts": {str(each.id): _script(each, names) for each in estate.scripts},
            "categories": {str(each.id): _category(each) for each in estate.categories},
            "packages": {str(each.id): _package(each) for each in estate.packages},
        }

    def __contains__(self, kind: str) -> bool:
        return kind in self._records

    def item(self, kind: str, number: str) -> Document | None:
        return self._records[kind].get(number)

    def page(self, kind: str, query: Mapping[str, str]) -> Document:
        """One page of a list. Raises BadQuery."""
        return select_page(list(self._records[kind].values()), query, default_sort=_DEFAULT_SORT[kind])


def _category(category: Category) -> Document:
    return {"id": str(category.id), "name": category.name, "priority": category.priority}


def _script(script: Script, categories: Mapping[int, str]) -> Document:
    labels = [*script.parameters, *[""] * (8 - len(script.parameters))]
    return {
        "id": str(script.id),
        "name": script.name,
        "info": script.info,
        "notes": script.notes,
        "priority": script.priority,
        "categoryId": str(script.category_id) if script.category_id else "-1",
        "categoryName": categories.get(script.category_id, "NONE"),
        **{f"parameter{number}": label for number, label in enumerate(labels, 4)},
        "osRequirements": script.os_requirements,
        "scriptContents": script.contents,
    }


def _package(package: Package) -> Document:
    return {
        "id": str(package.id),
        "packageName": package.name,
        "fileName": package.filename,
        "categoryId": str(package.category_id) if package.category_id else "-1",
        "info": package.info,
        "notes": package.notes,
        "priority": package.priority,
        "osRequirements": package.os_requirements,
        "fillUserTemplate": package.fill_user_template,
        "indexed": False,
        "fillExistingUsers": False,
        "swu": False,
        "rebootRequired": package.reboot_required,
        "selfHealNotify": False,
        "selfHealingAction": "nothing",
        "osInstall": False,
        "serialNumber": "",
        "parentPackageId": "-1",
        "basePath": "",
        "suppressUpdates": False,
        "cloudTransferStatus": "READY",
        "ignoreConflicts": False,
        "suppressFromDock": False,
        "suppressEula": False,
        "suppressRegistration": False,
        "installLanguage": "",
        "md5": "",
        "sha256": package.sha256,
        "hashType": "SHA_256",
        "hashValue": package.sha256,
        "size": str(package.size_bytes),
        "osInstallerVersion": "",
        "manifest": "",
        "manifestFileName": "",
        "format": "",
    }
