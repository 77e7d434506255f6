"""From JSON to HCL: references are dependencies, and what is missing leaves valid HCL behind."""

from __future__ import annotations

from typing import Any

import hcl2
import pytest

from workbench.scenarios.jamf.hcl import render
from workbench.scenarios.jamf.references import references, resolve, support_files
from workbench.scenarios.jamf.resources import Catalog, Kind, Listed, Ref, build_catalog
from workbench.scenarios.jamf.terraform import PROVIDER, describe

POLICY, SCRIPT, PACKAGE = Ref(Kind.POLICY, 1), Ref(Kind.SCRIPT, 2), Ref(Kind.PACKAGE, 3)
CATEGORY, SMART, STATIC = Ref(Kind.CATEGORY, 4), Ref(Kind.GROUP, 5), Ref(Kind.GROUP, 6)
ATTRIBUTE, PROFILE = Ref(Kind.EXTENSION_ATTRIBUTE, 7), Ref(Kind.PROFILE, 8)

NAMES = {
    POLICY: "Install Agent",
    SCRIPT: "agent.py",
    PACKAGE: "Agent-1.0.pkg",
    CATEGORY: "Security",
    SMART: "Old Macs",
    STATIC: "Pilot",
    ATTRIBUTE: "Battery Cycles",
    PROFILE: "Wi-Fi",
}


def catalog() -> Catalog:
    return build_catalog(Listed(ref, name, smart=ref == SMART) for ref, name in NAMES.items())


def policy(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "general": {
            "name": "Install Agent",
            "enabled": True,
            **{f"trigger_{t}": False for t in ("checkin", "enrollment_complete", "login", "startup")},
            "trigger_network_state_changed": False,
            "trigger_other": "agent",
            "frequency": "Once per computer",
            "category": {"id": 4, "name": "Security"},
        },
        "scope": {
            "all_computers": False,
            "computer_groups": [{"id": 5, "name": "Old Macs"}],
            "exclusions": {"computer_groups": [{"id": 6, "name": "Pilot"}]},
        },
        "self_service": {"use_for_self_service": False, "self_service_description": ""},
        "package_configuration": {"packages": [{"id": 3, "name": "Agent-1.0.pkg", "action": "Install"}]},
        "scripts": [{"id": 2, "name": "agent.py", "priority": "After", "parameter4": "a", "parameter5": ""}],
        "maintenance": {"recon": True},
    }
    return body | changes


GROUP = {
    "name": "Old Macs",
    "criteria": [
        {"name": "Computer Group", "priority": 0, "and_or": "and", "search_type": "member of", "value": "Pilot"},
        {"name": "Battery Cycles", "priority": 1, "and_or": "and", "search_type": "more than", "value": "900"},
        {"name": "Model", "priority": 2, "and_or": "or", "search_type": "is", "value": "Pilot"},
    ],
}


def parsed(ref: Ref, text: str) -> dict[str, Any]:
    known = catalog()
    resource = hcl2.loads(text)["resource"][0]
    body: dict[str, Any] = resource[f'"{known.type(ref)}"'][f'"{known.slugs[ref]}"']
    return body


def test_a_policy_refers_to_all_it_needs() -> None:
    block = describe(catalog(), POLICY, policy())
    assert references(block) == (CATEGORY, SMART, STATIC, PACKAGE, SCRIPT)
    body = parsed(POLICY, render([block]))
    assert body["category_id"] == "${jamfpro_category.security.id}"
    assert body["scope"][0]["computer_group_ids"] == ["${jamfpro_smart_computer_group.old_macs.id}"]
    exclusions = body["scope"][0]["exclusions"][0]
    assert exclusions["computer_group_ids"] == ["${jamfpro_static_computer_group.pilot.id}"]
    script = body["payloads"][0]["scripts"][0]
    assert script["id"] == "${jamfpro_script.agent_py.id}"
    assert (script["parameter4"], "parameter5" in script) == ('"a"', False)


def test_a_smart_group_refers_to_nested_groups_and_extension_attributes_by_name() -> None:
    block = describe(catalog(), SMART, GROUP)
    assert references(block) == (STATIC, ATTRIBUTE)
    nested, attribute, plain = parsed(SMART, render([block]))["criteria"]
    assert nested["value"] == "${jamfpro_static_computer_group.pilot.name}"
    assert attribute["name"] == "${jamfpro_computer_extension_attribute.battery_cycles.name}"
    assert (plain["name"], plain["value"]) == ('"Model"', '"Pilot"'), "only a group criterion names a group"


def test_what_was_not_exported_stands_as_a_literal_with_a_comment() -> None:
    block = describe(catalog(), POLICY, policy())
    text = render([resolve(block, exported=lambda ref: ref not in (CATEGORY, SMART), saved=lambda _: True)])
    assert "= 4 # category 4 could not be exported\n" in text
    assert "5, # group 5 could not be exported\n" in text
    body = parsed(POLICY, text)
    assert (body["category_id"], body["scope"][0]["computer_group_ids"]) == (4, [5])
    group = render([resolve(describe(catalog(), SMART, GROUP), exported=lambda _: False, saved=lambda _: True)])
    assert parsed(SMART, group)["criteria"][0]["value"] == '"Pilot"'


def test_a_reference_to_nothing_is_a_literal_and_no_dependency() -> None:
    body = policy(scripts=[{"id": 99, "name": "gone", "priority": "After"}])
    block = describe(catalog(), POLICY, body)
    assert Ref(Kind.SCRIPT, 99) not in references(block)
    assert "99 # script 99 does not exist" in render([block])


def test_no_category_is_no_attribute() -> None:
    body = policy()
    body["general"]["category"] = {"id": -1, "name": "No category assigned"}
    assert "category_id" not in render([describe(catalog(), POLICY, body)])


def test_a_script_reads_its_contents_from_its_file_or_is_null() -> None:
    body = dict.fromkeys(("name", "info", "notes", "priority", "osRequirements"), "x")
    block = describe(catalog(), SCRIPT, {**body, "categoryId": "4", "notes": None})
    assert support_files(block) == (SCRIPT,)
    known = parsed(SCRIPT, render([block]))
    assert known["script_contents"] == '${file("${path.module}/support_files/scripts/agent_py.py")}'
    assert known["notes"] == '""'
    text = render([resolve(block, exported=lambda _: True, saved=lambda _: False)])
    assert "= null # the contents of script 2 could not be fetched" in text
    assert parsed(SCRIPT, text)["script_contents"] in (None, "null", "${null}")


@pytest.mark.parametrize("key", ["general", "scope", "self_service", "package_configuration", "scripts"])
def test_another_shape_is_an_error_and_never_a_wrong_file(key: str) -> None:
    body = policy()
    del body[key]
    with pytest.raises(KeyError):
        describe(catalog(), POLICY, body)
    with pytest.raises((TypeError, KeyError, AttributeError)):
        describe(catalog(), POLICY, policy(**{key: "<html>"}))


def test_a_flag_that_is_no_flag_is_an_error() -> None:
    with pytest.raises(TypeError, match="all_computers is not a boolean"):
        describe(catalog(), POLICY, policy(scope={"all_computers": "false"}))


def test_the_provider_block_parses() -> None:
    providers = hcl2.loads(render([PROVIDER]))["terraform"][0]["required_providers"][0]
    assert providers["jamfpro"]["source"] == '"deploymenttheory/jamfpro"'


def test_roots_come_by_kind_and_id_and_files_of_one_name_stay_apart() -> None:
    listed = [
        Listed(Ref(Kind.PROFILE, 1), "Same"),
        Listed(Ref(Kind.POLICY, 10), "Same"),
        Listed(Ref(Kind.POLICY, 9), "same"),
    ]
    known = build_catalog(listed)
    assert [(ref.kind, ref.id) for ref in known.roots] == [
        (Kind.POLICY, 9),
        (Kind.POLICY, 10),
        (Kind.PROFILE, 1),
    ]
    assert [known.file(ref) for ref in known.roots] == [
        "policy_same_9.tf",
        "policy_same_10.tf",
        "profile_same.tf",
    ]
