"""The estate: sizes by scale, references that resolve, no circles, names that exporters stumble over."""

from __future__ import annotations

import dataclasses
import plistlib
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from workbench.dataset import registry
from workbench.dataset.draw import Stream
from workbench.dataset.jamf import SCALES, build_estate, describe, estate_digest, model, write_estate
from workbench.dataset.jamf.code import LARGEST, SMALLEST, ScriptHead, compose
from workbench.dataset.jamf.estate import TABLES
from workbench.dataset.jamf.model import ConfigurationProfile, Criterion, Estate, Policy, Scope
from workbench.dataset.jamf.vocabulary import APPS, slug
from workbench.errors import UsageError

PROJECT = Path(__file__).parents[2]
SIZES = [1, 2, 4, 16, 75, 300, 5_000]


@cache
def estate(resources: int) -> Estate:
    return build_estate(resources=resources)


def roots(of: Estate) -> tuple[Policy | ConfigurationProfile, ...]:
    return (*of.policies, *of.profiles)


def texts(value: Any) -> Iterator[str]:
    """Every string within a record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from texts(each)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))


@pytest.mark.parametrize(("scale", "low", "high"), [("small", 10, 20), ("medium", 50, 100), ("large", 200, 500)])
def test_scales_have_their_roots(scale: str, low: int, high: int) -> None:
    built = build_estate(scale=scale)
    assert built.scale == scale
    assert low <= built.roots == SCALES[scale] <= high
    assert built.policies == build_estate(resources=SCALES[scale]).policies


@pytest.mark.parametrize("resources", SIZES)
def test_counts_are_in_proportion(resources: int) -> None:
    built = estate(resources)
    assert built.roots == resources
    assert len(built.profiles) == resources // 3
    assert 0 < len(built.scripts) < 20 + len(built.policies) / 2
    assert 0 < len(built.packages) < 20 + len(built.policies) / 2
    assert 0 < len(built.groups) < 20 + resources / 2
    assert 0 < len(built.categories) < 100


@pytest.mark.parametrize("resources", [0, -1, 5_001])
def test_a_size_out_of_range_is_refused(resources: int) -> None:
    with pytest.raises(UsageError, match="from 1 to 5000"):
        build_estate(resources=resources)


def test_an_unknown_scale_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="unknown scale 'huge'; known: small, medium, large"):
        build_estate(scale="huge")


@pytest.mark.parametrize("resources", SIZES)
def test_ids_ascend_and_names_are_unique(resources: int) -> None:
    for table in TABLES:
        records = getattr(estate(resources), table)
        ids = [record.id for record in records]
        assert ids == sorted(set(ids))
        assert all(number > 0 for number in ids)
        names = Counter(record.name for record in records)
        assert not [name for name, count in names.items() if count > 1 or not 0 < len(name) <= 255]


@pytest.mark.parametrize("resources", SIZES)
def test_every_reference_resolves(resources: int) -> None:
    built = estate(resources)
    known = {table: {record.id for record in getattr(built, table)} for table in TABLES}
    for owner in (*roots(built), *built.scripts, *built.packages):
        assert owner.category_id in known["categories"] | {0}
    for policy in built.policies:
        assert {use.script_id for use in policy.scripts} <= known["scripts"]
        assert {use.package_id for use in policy.packages} <= known["packages"]
    for root in roots(built):
        assert {*root.scope.group_ids, *root.scope.excluded_group_ids} <= known["groups"]
    for criterion in criteria(built):
        assert criterion.group_id in known["groups"] | {0}
        assert criterion.extension_attribute_id in known["extension_attributes"] | {0}


def criteria(of: Estate) -> Iterator[Criterion]:
    for group in of.groups:
        yield from group.criteria


def test_criteria_name_what_they_refer_to() -> None:
    built = estate(300)
    groups = {group.id: group.name for group in built.groups}
    attributes = {attribute.id: attribute.name for attribute in built.extension_attributes}
    for criterion in criteria(built):
        if criterion.group_id:
            assert (criterion.name, criterion.value) == ("Computer Group", groups[criterion.group_id])
        if criterion.extension_attribute_id:
            assert criterion.name == attributes[criterion.extension_attribute_id]
    assert sum(1 for criterion in criteria(built) if criterion.group_id) > 10
    assert sum(1 for criterion in criteria(built) if criterion.extension_attribute_id) > 10


@pytest.mark.parametrize("resources", SIZES)
def test_groups_nest_without_a_circle(resources: int) -> None:
    nested = {
        group.id: {criterion.group_id for criterion in group.criteria} - {0} for group in estate(resources).groups
    }
    while free := {number for number, below in nested.items() if not below & nested.keys()}:
        nested = {number: below for number, below in nested.items() if number not in free}
    assert not nested


def test_groups_and_scopes_are_consistent() -> None:
    built = estate(300)
    for group in built.groups:
        assert not (group.computers if group.is_smart else group.criteria)
        assert [criterion.priority for criterion in group.criteria] == list(range(len(group.criteria)))
    for root in roots(built):
        consistent(root.scope)


def consistent(scope: Scope) -> None:
    assert scope.all_computers != bool(scope.group_ids)
    assert not set(scope.group_ids) & set(scope.excluded_group_ids)


def test_policies_pass_as_many_values_as_their_scripts_have_labels() -> None:
    built = estate(300)
    labels = {script.id: script.parameters for script in built.scripts}
    uses = [use for policy in built.policies for use in policy.scripts]
    assert all(len(use.parameters) == len(labels[use.script_id]) <= 8 for use in uses)
    assert any(use.parameters for use in uses)


def test_sharing_is_skewed() -> None:
    built = estate(5_000)
    uses = Counter(use.script_id for policy in built.policies for use in policy.scripts)
    tenth = sum(count for _, count in uses.most_common(len(built.scripts) // 10))
    assert tenth > 0.4 * uses.total()
    assert len(uses) > 0.8 * len(built.scripts)


def test_scripts_have_realistic_sizes() -> None:
    sizes = sorted(len(script.contents.encode()) for script in estate(5_000).scripts)
    assert sizes[0] >= SMALLEST
    assert sizes[-1] <= LARGEST
    assert 4_500 < sizes[len(sizes) // 2] < 7_000
    assert sizes[0] < 2_000 < 30_000 < sizes[-1]


@pytest.mark.parametrize("language", ["shell", "python"])
@pytest.mark.parametrize("size", [SMALLEST, 5_000, LARGEST])
def test_scripts_keep_to_their_size(language: str, size: int) -> None:
    head = ScriptHead(language, "/bin/bash", "example.sh", "Größe.", ("One",))
    for seed in range(40):
        script = compose(Stream(seed, "size"), head, APPS[0], size)
        assert min(size, LARGEST - 1_500) <= len(script.encode()) <= min(size + 4_000, LARGEST)


@pytest.mark.parametrize("resources", [75, 5_000])
def test_profiles_are_property_lists(resources: int) -> None:
    kinds = set()
    for profile in estate(resources).profiles:
        document = plistlib.loads(profile.payloads.encode(), fmt=plistlib.FMT_XML)
        assert document["PayloadType"] == "Configuration"
        assert document["PayloadUUID"] == profile.uuid
        assert document["PayloadDisplayName"] == profile.name
        assert plistlib.dumps(document).decode() == profile.payloads
        identities = [payload["PayloadUUID"] for payload in document["PayloadContent"]]
        assert len(set(identities)) == len(identities) > 0
        for payload in document["PayloadContent"]:
            kinds.add(payload["PayloadType"])
            assert payload.get("EncryptCertPayloadUUID", identities[0]) in identities
    assert {"com.apple.wifi.managed", "com.apple.TCC.configuration-profile-policy"} <= kinds
    assert len(kinds) >= 12


def test_uuids_are_unique() -> None:
    profiles = estate(5_000).profiles
    assert len({profile.uuid for profile in profiles}) == len(profiles)


def test_policies_install_the_application_that_they_name() -> None:
    built = estate(300)
    packages = {package.id: package.filename for package in built.packages}
    titles = {f"{kind} {app.name}": app for kind in ("Install", "Update") for app in APPS}
    plain = [policy for policy in built.policies if policy.name in titles]
    assert len(plain) > 10
    for policy in plain:
        filename = packages[policy.packages[0].package_id]
        assert slug(filename).startswith(slug(titles[policy.name].name) + "_")


@pytest.mark.parametrize(
    "awkward", ["/", '"', "'", "\\", "${", "%{", "<", "<<EOT", "`", "ü", "🚀", "../", "•••", "日本"]
)
def test_some_names_are_awkward(awkward: str) -> None:
    built = estate(300)
    assert any(awkward in record.name for table in TABLES for record in getattr(built, table))


@pytest.mark.parametrize("resources", [16, 75, 300])
def test_some_names_collide_as_file_names(resources: int) -> None:
    built = estate(resources)
    for records in (built.policies, built.scripts):
        assert len({slug(record.name) for record in records}) < len(records)


def test_scripts_hold_what_breaks_templates() -> None:
    contents = "\n".join(script.contents for script in estate(75).scripts)
    assert re.search(r"^EOF$", contents, re.MULTILINE)
    assert re.search(r"^EOT$", contents, re.MULTILINE)
    assert "${" in contents
    assert "%{" in contents


def test_it_is_text_that_every_format_can_carry() -> None:
    """Nothing that XML 1.0 can't hold, and no secret-looking assignment."""
    forbidden = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    secret = re.compile(r"(?i)(password|secret|token|api_?key)\s*[=:]\s*['\"]?\w{6,}")
    for text in texts(tuple(getattr(estate(300), table) for table in TABLES)):
        assert not forbidden.search(text)
        assert not secret.search(text)


def test_different_seeds_differ() -> None:
    assert len({estate_digest(build_estate(resources=5, seed=seed)) for seed in range(20)}) == 20


def test_the_committed_sample_is_reproducible(tmp_path: Path) -> None:
    sample = PROJECT / "data" / "sample" / "jamf"
    write_estate(build_estate(resources=4, seed=1), tmp_path / "jamf")
    built = {path.name: path.read_bytes() for path in (tmp_path / "jamf").iterdir()}
    assert built == {path.name: path.read_bytes() for path in sample.iterdir()}
    assert sum(map(len, built.values())) < 300_000


def test_the_readme_lists_every_field() -> None:
    readme = (PROJECT / "data" / "README.md").read_text(encoding="utf-8")
    part = readme.partition("\n## `jamf`")[2].partition("\n## `")[0]
    sections = re.split(r"^### ", part, flags=re.MULTILINE)[1:]
    listed = {
        match[1]: re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        for section in sections
        if (match := re.match(r"`(\w+)`", section))
    }
    records = [getattr(model, name) for name in model.__all__]
    assert listed == {record.__name__: [field.name for field in dataclasses.fields(record)] for record in records}


def test_the_readme_says_in_which_file_a_table_is() -> None:
    readme = (PROJECT / "data" / "README.md").read_text(encoding="utf-8")
    assert all(f"### `{record.__name__}` (`{table}.jsonl`)" in readme for table, record in TABLES.items())


@pytest.mark.parametrize("resources", [1, 75])
def test_the_description_counts(resources: int) -> None:
    built = estate(resources)
    text = describe(built)
    assert f"{resources} root resources" in text
    assert estate_digest(built) in text
    assert re.search(rf"^scripts +{len(built.scripts)}$", text, re.MULTILINE)
    uses = sum(len(policy.scripts) for policy in built.policies)
    assert re.search(rf"^scripts +{uses} +\d+ +\d+$", text, re.MULTILINE)


def test_the_registry_builds_and_describes(tmp_path: Path) -> None:
    assert "jamf" in registry.names()
    dataset = registry.get("jamf")
    digest = dataset.build(tmp_path / "jamf", scale="small", seed=1, resources=None)
    assert digest == estate_digest(build_estate())
    assert digest in dataset.describe(tmp_path / "jamf")
    assert registry.name_of(tmp_path / "jamf") == "jamf"
    with pytest.raises(UsageError, match="unknown dataset 'sap'; known: jamf"):
        registry.get("sap")
