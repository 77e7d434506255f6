"""Every variant over an estate that no data set would hold: groups in a circle, dangling ids, hostile names."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbench.errors import OutputError, ServiceError, ServiceThrottled
from workbench.scenarios.http.tasks import task_group
from workbench.scenarios.jamf.account import POOL, Account
from workbench.scenarios.jamf.files import measure_folder
from workbench.scenarios.jamf.result import ExportResult
from workbench.scenarios.jamf.workload import ExportWorkload, load_export
from workbench.scenarios.registry import get

VARIANTS = [variant.name for variant in get("jamf").variants]
CLASSIC = {
    "policies": "policies",
    "osxconfigurationprofiles": "os_x_configuration_profiles",
    "scripts": "scripts",
    "packages": "packages",
    "categories": "categories",
    "computergroups": "computer_groups",
    "computerextensionattributes": "computer_extension_attributes",
}


def criterion(group: str) -> dict[str, Any]:
    return {
        "name": "Computer Group",
        "priority": 0,
        "and_or": "and",
        "search_type": "member of",
        "value": group,
    }


def group(name: str, *members: str) -> dict[str, Any]:
    return {"computer_group": {"name": name, "is_smart": True, "criteria": [criterion(m) for m in members]}}


def profile(name: str, *groups: int) -> dict[str, Any]:
    scope = {"all_computers": False, "computer_groups": [{"id": g} for g in groups]}
    return {
        "os_x_configuration_profile": {
            "general": {
                "name": name,
                "description": '"${x}"',
                "level": "System",
                "distribution_method": "Install Automatically",
                "user_removable": False,
                "category": {"id": -1},
                "payloads": f"<plist>{name}</plist>\n",
            },
            "scope": {**scope, "exclusions": {"computer_groups": []}},
        }
    }


ITEMS: dict[str, Any] = {
    "osxconfigurationprofiles/id/1": profile("../../x", 1, 404),
    "osxconfigurationprofiles/id/2": profile("X", 2),
    "osxconfigurationprofiles/id/3": profile('x"\n}', 3, 4),
    "computergroups/id/1": group("A", "B"),
    "computergroups/id/2": group("B", "C", "A"),
    "computergroups/id/3": group("C", "A"),
    "computergroups/id/4": group("D", "D"),
}


def answer(request: httpx.Request, broken: frozenset[str]) -> httpx.Response:
    path = request.url.path.removeprefix("/JSSResource/")
    if path.endswith("/token"):
        return httpx.Response(200, json={"token": "t"})
    if path in broken:
        return httpx.Response(404)
    if path in ITEMS:
        return httpx.Response(200, json=ITEMS[path])
    listed = []
    for key, item in ITEMS.items():
        if key.startswith(f"{path}/"):
            body = next(iter(item.values()))
            entry = {"id": int(key.rpartition("/")[2]), "name": body.get("general", body)["name"]}
            listed.append({**entry, "is_smart": body.get("is_smart", False)})
    return httpx.Response(200, json={CLASSIC[path]: listed})


@dataclass(frozen=True)
class Played(Account):
    """An account whose server is played."""

    broken: frozenset[str] = frozenset()

    def client(self, limits: httpx.Limits = POOL) -> httpx.AsyncClient:
        transport = httpx.MockTransport(partial(answer, broken=self.broken))
        return httpx.AsyncClient(transport=transport, base_url=self.base_url)

    def client_of_lanes(self) -> httpx.AsyncClient:
        return self.client()


def export(variant: str, folder: Path, *broken: str) -> ExportResult:
    account = Played("https://jamf.test", broken=frozenset(broken))

    async def bounded() -> ExportResult:
        async with asyncio.timeout(30):
            return await load_export(variant)(account, folder)

    return asyncio.run(bounded())


def digest_of(variant: str, *broken: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        export(variant, Path(folder), *broken)
        return measure_folder(Path(folder)).digest


@pytest.mark.parametrize("variant", VARIANTS)
def test_groups_in_a_circle_end(variant: str, tmp_path: Path) -> None:
    result = export(variant, tmp_path)
    assert (result.resources, result.failures) == (7, ())
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == [
        "group_a.tf",
        "group_b.tf",
        "group_c.tf",
        "group_d.tf",
        "profile_x_1.tf",
        "profile_x_2.tf",
        "profile_x_3.tf",
        "provider.tf",
        "support_files/profiles/x_1.mobileconfig",
        "support_files/profiles/x_2.mobileconfig",
        "support_files/profiles/x_3.mobileconfig",
    ]
    assert "404, # group 404 does not exist" in (tmp_path / "profile_x_1.tf").read_text()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_failed_link_of_the_circle_leaves_the_rest(variant: str, tmp_path: Path) -> None:
    result = export(variant, tmp_path, "computergroups/id/2")
    assert [failure.resource for failure in result.failures] == ["group 2 (B)"]
    assert "answered 404" in result.failures[0].error
    assert not (tmp_path / "group_b.tf").exists()
    assert '"B" # group 2 could not be exported' in (tmp_path / "group_a.tf").read_text()
    assert "2, # group 2 could not be exported" in (tmp_path / "profile_x_2.tf").read_text()
    assert measure_folder(tmp_path).digest == digest_of("naive", "computergroups/id/2")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_servers_error_is_raised_when_no_root_could_be_exported(variant: str, tmp_path: Path) -> None:
    broken = [f"osxconfigurationprofiles/id/{n}" for n in (1, 2, 3)]
    with pytest.raises(ServiceError, match="osxconfigurationprofiles/id/1: the server answered 404"):
        export(variant, tmp_path, *broken)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_folder_that_can_not_be_written_is_one_clear_error(variant: str, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(OutputError, match=r"cannot write .*file"):
        export(variant, blocked)


def test_a_task_group_raises_the_error_itself_and_ends_the_others() -> None:
    ended: list[str] = []

    async def fail() -> None:
        raise OutputError("disk full")

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async def scenario() -> None:
        async with task_group() as tasks:
            tasks.create_task(wait())
            tasks.create_task(fail())

    with pytest.raises(OutputError, match="disk full"):
        asyncio.run(scenario())
    assert ended == ["cancelled"]


def test_a_repetition_that_fails_leaves_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def fails(*_: Any) -> Any:
        raise ServiceThrottled("429")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    workload = ExportWorkload(fails, None)  # type: ignore[arg-type]
    workload.setup()
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(ServiceThrottled):
        asyncio.run(workload.run())
    assert list(tmp_path.iterdir()) == []
