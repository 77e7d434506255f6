"""The tenant: sizes, the mix of types, relationships that resolve, names that scanners stumble over, mutations."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from workbench.dataset import registry
from workbench.dataset.azure import (
    SCALES,
    build_tenant,
    canonical,
    describe,
    draw_mutation,
    listed_document,
    load_tenant,
    relationships,
    resource_document,
    tenant_digest,
    write_tenant,
)
from workbench.dataset.azure.identifiers import group_of, guid, parent_of, subscription_of, type_of
from workbench.dataset.azure.model import Tenant
from workbench.dataset.azure.places import count_types
from workbench.errors import DatasetError, UsageError

PROJECT = Path(__file__).parents[2]
VM = "Microsoft.Compute/virtualMachines"
NIC = "Microsoft.Network/networkInterfaces"


@cache
def tenant(resources: int = 1632) -> Tenant:
    return build_tenant(resources=resources)


@cache
def relations(resources: int = 1632) -> dict[str, list[tuple[str, str]]]:
    return {each.id: relationships(resource_document(each)) for each in tenant(resources).resources}


def test_the_default_tenant_is_the_documents() -> None:
    built = build_tenant()
    assert (built.scale, len(built.resources)) == ("large", 1632)
    assert len(built.resource_types) == len({each.type for each in built.resources}) == 36
    assert sum(each.common for each in built.resource_types) == 14
    assert built.resources == tenant().resources


@pytest.mark.parametrize("scale", SCALES)
def test_scales_have_their_resources(scale: str) -> None:
    built = build_tenant(scale=scale)
    assert (built.scale, len(built.resources)) == (scale, SCALES[scale])


@pytest.mark.parametrize("resources", [1, 2, 35, 36, 37, 50, 500, 5_000])
def test_every_size_has_its_count_and_its_types(resources: int) -> None:
    built = tenant(resources)
    assert len(built.resources) == resources == sum(count_types(resources).values())
    if resources >= 36:
        assert len({each.type for each in built.resources}) == 36
    assert {each.type for each in built.resources} <= {each.type for each in built.resource_types}


@pytest.mark.parametrize("resources", [0, -1, 50_001])
def test_a_size_out_of_range_is_refused(resources: int) -> None:
    with pytest.raises(UsageError, match="from 1 to 50000"):
        build_tenant(resources=resources)


def test_other_bad_choices_are_refused() -> None:
    with pytest.raises(UsageError, match="unknown scale 'huge'; known: small, medium, large"):
        build_tenant(scale="huge")
    with pytest.raises(UsageError, match="subscriptions must be from 1 to 50, not 51"):
        build_tenant(subscriptions=51)


def test_the_mix_is_skewed() -> None:
    counts = Counter(each.type for each in tenant().resources)
    common = {each.type for each in tenant().resource_types if each.common}
    assert 0.8 < sum(counts[kind] for kind in common) / 1632 < 0.9
    assert min(counts[kind] for kind in common) > max(count for kind, count in counts.items() if kind not in common)


@pytest.mark.parametrize("resources", [50, 1632, 5_000])
def test_ids_are_paths_of_what_there_is(resources: int) -> None:
    built = tenant(resources)
    groups = {canonical(each.id) for each in built.resource_groups}
    subscriptions = {each.subscription_id for each in built.subscriptions}
    ids = [canonical(each.id) for each in built.resources]
    assert len(set(ids)) == len(ids)
    assert len(groups) == len(built.resource_groups)
    assert all(
        not re.search(r"[#?%&+<>*/]", each.name.replace("/", "", each.type.count("/") - 1))
        for each in built.resources
    )
    for each in built.resources:
        assert canonical(group_of(each.id)) in groups
        assert subscription_of(each.id) in subscriptions
        assert type_of(each.id) == each.type
        assert each.name == "/".join(each.id.split("/")[8::2])
        assert "2020" <= each.created_time[:19] <= each.changed_time[:19] < "2026-12"


def test_as_many_subscriptions_as_wished() -> None:
    built = build_tenant(resources=300, subscriptions=7)
    assert len({subscription_of(each.id) for each in built.resource_groups}) == len(built.subscriptions) == 7


def test_subscriptions_are_in_use_and_unequal() -> None:
    counts = Counter(subscription_of(each.id) for each in tenant().resources)
    assert len(counts) == len(tenant().subscriptions) == 5
    assert 1.2 < max(counts.values()) / min(counts.values()) < 4


@pytest.mark.parametrize("resources", [1, 36, 50, 1632, 5_000])
def test_every_relationship_resolves_but_those_to_what_is_gone(resources: int) -> None:
    built = tenant(resources)
    known = {canonical(each.id) for each in built.resources} | {
        canonical(each.id) for each in built.resource_groups
    }
    for own, found in relations(resources).items():
        assert len(set(found)) == len(found)
        assert found[0] == ("contains", canonical(parent_of(own)))
        assert [kind for kind, _ in found].count("contains") == 1
        for kind, target in found:
            assert kind in {"contains", "network", "identity", "depends-on"}
            assert target == canonical(target) != canonical(own)
            assert target in known or target.endswith("-deleted")


def test_all_kinds_of_relationship_are_there() -> None:
    counts = Counter(kind for found in relations().values() for kind, _ in found)
    assert counts["contains"] == 1632
    assert counts["network"] > 500
    assert counts["depends-on"] > 500
    assert counts["identity"] > 50
    gone = [target for found in relations().values() for _, target in found if target.endswith("-deleted")]
    assert 0 < len(gone) < 50


def test_relationships_are_read_off_the_properties() -> None:
    targets: defaultdict[str, set[str]] = defaultdict(set)
    for own, found in relations().items():
        targets[canonical(own)] = {target for _, target in found}
    machines = [each for each in tenant().resources if each.type == VM]
    for machine in machines:
        cards = machine.properties["networkProfile"]["networkInterfaces"]
        for card in cards:
            assert canonical(card["id"]) in targets[canonical(machine.id)]
            assert canonical(machine.id) in targets[canonical(card["id"])]
    assert sum(len(each.properties["networkProfile"]["networkInterfaces"]) for each in machines) == sum(
        each.type == NIC for each in tenant().resources
    )


def test_a_document_of_ones_own() -> None:
    group = "/subscriptions/S/resourceGroups/Rg"
    network = f"{group}/providers/Microsoft.Network/virtualNetworks/v"
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
    disk = f"{group}/providers/Microsoft.Compute/disks/d"
    document = {
        "id": f"{group}/providers/Microsoft.Sql/servers/s/databases/d",
        "managedBy": disk,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {
            "list": [{"subnet": {"id": f"{network}/subnets/a"}}, {"id": f"{network.upper()}/subnets/b"}],
            "own": f"{group}/providers/Microsoft.Sql/servers/s/databases/D",
            "text": "see /subscriptions/S",
            "group": group,
            "number": 3,
        },
    }
    assert relationships(document) == [
        ("contains", f"{group}/providers/Microsoft.Sql/servers/s".lower()),
        ("identity", identity.lower()),
        ("depends-on", disk.lower()),
        ("network", network.lower()),
    ]
    assert relationships({"id": disk}) == [("contains", group.lower())]


def test_references_differ_in_case_from_the_ids() -> None:
    ids = {each.id for each in tenant().resources}
    owners = [each.managed_by for each in tenant().resources if each.managed_by]
    assert len(owners) > 100
    assert 0.05 < sum(owner not in ids for owner in owners) / len(owners) < 0.3


def test_properties_are_nested_and_of_their_type() -> None:
    def depth(value: Any) -> int:
        below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + max((depth(each) for each in below), default=0)

    by_type: dict[str, Any] = {each.type: each for each in tenant().resources}
    assert by_type[VM].properties["hardwareProfile"]["vmSize"].startswith("Standard_")
    assert depth(by_type[NIC].properties) > 5
    assert all(each.properties for each in tenant().resources)


def test_names_and_tags_are_awkward() -> None:
    names = " ".join(each.name for each in tenant().resources)
    groups = " ".join(each.name for each in tenant().resource_groups)
    values = " ".join(f"{key}={value}" for each in tenant().resources for key, value in each.tags.items())
    for text in ("ü", "'", '"', "高负载", "🔥", "DETACH DELETE", "$("):
        assert text in names
    for text in ("(", "Größe", "日本語"):
        assert text in groups
    for text in ("DETACH DELETE", "O'Brien", "\\", "empty= ", "€"):
        assert text in values
    assert any(not each.tags for each in tenant().resources)
    assert any(len(value) > 200 for each in tenant().resources for value in each.tags.values())


def test_lists_leave_the_properties_out() -> None:
    resource = next(each for each in tenant().resources if each.tags and each.sku)
    listed = listed_document(resource, ("changedTime",))
    whole = resource_document(resource)
    assert listed == {key: whole[key] for key in listed if key != "changedTime"} | {
        "changedTime": resource.changed_time
    }
    assert whole.keys() - listed.keys() == {"etag", "properties"}


def test_api_versions_are_newest_first_and_suit_no_two_kinds_alike() -> None:
    for kind in tenant().resource_types:
        days = [version[:10] for version in kind.api_versions]
        assert days == sorted(days, reverse=True)
        assert len(set(kind.api_versions)) == len(kind.api_versions) >= 3
    common = set.intersection(*(set(kind.api_versions) for kind in tenant().resource_types))
    assert not common


def test_written_and_read_it_is_the_same(tmp_path: Path) -> None:
    digest = write_tenant(tenant(50), tmp_path / "azure")
    assert load_tenant(tmp_path / "azure") == tenant(50)
    assert digest == tenant_digest(tenant(50))
    (tmp_path / "azure" / "resources.jsonl").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"resources\.jsonl has 0 bytes"):
        load_tenant(tmp_path / "azure")


def test_the_digest_depends_on_seed_and_size_alone() -> None:
    assert (
        len({tenant_digest(build_tenant(resources=count, seed=seed)) for count in (36, 37) for seed in (1, 2)}) == 4
    )
    script = "from workbench.dataset.azure import *; print(tenant_digest(build_tenant(resources=36)))"
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == tenant_digest(tenant(36))


def test_the_committed_sample_is_what_the_seed_gives(tmp_path: Path) -> None:
    sample = PROJECT / "data" / "sample" / "azure"
    write_tenant(build_tenant(resources=36), tmp_path / "azure")
    built = {path.name: path.read_bytes() for path in (tmp_path / "azure").iterdir()}
    assert built == {path.name: path.read_bytes() for path in sample.iterdir()}


def test_the_registry_builds_and_describes_a_tenant(tmp_path: Path) -> None:
    dataset = registry.get("azure")
    digest = dataset.build(tmp_path / "azure", scale="small", seed=1, resources=None)
    text = dataset.describe(tmp_path / "azure")
    assert registry.name_of(tmp_path / "azure") == "azure"
    assert digest in text
    assert "100 resources in 9 resource groups" in text
    assert text == describe(build_tenant(scale="small"))
    assert re.search(r"^contains +100$", text, re.MULTILINE)


def test_a_folder_without_a_dataset_has_no_name(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"manifest\.json is missing"):
        registry.name_of(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(DatasetError, match="not the manifest of a dataset"):
        registry.name_of(tmp_path)


def test_the_readme_describes_every_table_and_field() -> None:
    text = (PROJECT / "data" / "README.md").read_text()
    part = text.partition("\n## `azure`")[2].partition("\n## `")[0]
    for table in ("subscriptions", "resource_groups", "resources", "resource_types"):
        assert f"`{table}.jsonl`" in part
    for record in (
        tenant(36).subscriptions,
        tenant(36).resource_groups,
        tenant(36).resources,
        tenant(36).resource_types,
    ):
        for field in record[0].__dataclass_fields__:
            assert f"| `{field}` |" in part, field


def test_a_mutation_changes_what_it_says() -> None:
    before = {each.id: each for each in tenant().resources}
    mutation = draw_mutation(tenant().resources, fraction=0.05, deleted=0.01, seed=7)
    assert len(mutation.changed) == 82
    assert len(mutation.deleted) == 16
    assert not {each.id for each in mutation.changed} & set(mutation.deleted)
    latest = max(each.changed_time for each in before.values())
    for after in mutation.changed:
        old = before[after.id]
        assert after.changed_time > latest
        assert after.etag != old.etag
        assert after.properties != old.properties
        assert after.tags["lastChange"] == "1"
        assert (after.name, after.type, after.created_time) == (old.name, old.type, old.created_time)
    again = draw_mutation(tenant().resources, fraction=0.05, deleted=0.01, seed=7)
    assert again == mutation
    other = draw_mutation(tenant().resources, fraction=0.05, seed=7, generation=2)
    assert {each.id for each in other.changed} != {each.id for each in mutation.changed}
    assert min(each.changed_time for each in other.changed) > max(each.changed_time for each in mutation.changed)


def test_a_mutation_also_takes_relationships_away() -> None:
    mutation = draw_mutation(tenant().resources, fraction=1.0, seed=1)
    lost = [
        each.id
        for each in mutation.changed
        if len(relationships(resource_document(each))) < len(relations()[each.id])
    ]
    assert len(lost) > 10


def test_mutations_of_little_and_nothing() -> None:
    few = tenant(36).resources
    assert len(draw_mutation(few, fraction=0.001, seed=1).changed) == 1
    assert draw_mutation(few, fraction=0.0, seed=1).changed == ()
    assert draw_mutation((), fraction=1.0, seed=1).changed == ()
    with pytest.raises(UsageError, match="at most 1"):
        draw_mutation(few, fraction=0.9, deleted=0.2, seed=1)


def test_guids_are_of_version_4() -> None:
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", guid("a", 1))
    assert guid("a", 1) != guid("a", 2)
