"""The two APIs' documents, checked against the estate they come from, value by value."""

from __future__ import annotations

import base64
import json
import plistlib
from typing import Any
from xml.etree import ElementTree

import pytest

from workbench.dataset.jamf import build_estate
from workbench.services.jamf.classic import CLASSIC_TYPES, ClassicApi
from workbench.services.jamf.pro import ProApi
from workbench.services.jamf.replies import classic_error, classic_json, oauth_error, pro_error
from workbench.services.jamf.routes import Resources
from workbench.services.jamf.xml import render_xml

ESTATE = build_estate(scale="small", seed=1)
CLASSIC = ClassicApi(ESTATE)
RESOURCES = Resources(CLASSIC, ProApi(ESTATE))


def get(path: str, accept: str = "application/json", query: bytes = b"") -> Any:
    target = RESOURCES.find(path)
    assert target is not None
    reply = RESOURCES.answer(target, accept, query)
    assert reply.status == 200, reply
    return json.loads(reply.body) if b"json" in reply.content_type else reply.body


@pytest.mark.parametrize("path", CLASSIC_TYPES)
def test_every_resource_is_served_the_same_in_json_and_xml(path: str) -> None:
    kind = CLASSIC_TYPES[path]
    for entry in get(f"/JSSResource/{path}")[kind.plural]:
        document = get(f"/JSSResource/{path}/id/{entry['id']}")
        root = ElementTree.fromstring(get(f"/JSSResource/{path}/id/{entry['id']}", "application/xml"))
        assert root.tag == kind.singular
        assert_same(document[kind.singular], root)
        assert get(f"/JSSResource/{path}/name/{entry['name']}") == document


def assert_same(value: Any, element: ElementTree.Element) -> None:
    """The JSON value and the XML element say the same, item by item."""
    if isinstance(value, dict):
        assert [child.tag for child in element] == list(value)
        for child, inner in zip(element, value.values(), strict=True):
            assert_same(inner, child)
    elif isinstance(value, list):
        children = [child for child in element if child.tag != "size"]
        items = [item for item in value if item != ""]
        assert len(children) == len(items)
        for child, inner in zip(children, items, strict=True):
            assert_same(inner, child)
        assert [child.text for child in element if child.tag == "size"] in ([], [str(len(items))])
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        assert (element.text or "") == text


def test_a_policy_holds_its_dependencies() -> None:
    policy = next(each for each in ESTATE.policies if each.scripts and each.packages)
    served = get(f"/JSSResource/policies/id/{policy.id}")["policy"]
    assert served["general"]["id"] == policy.id
    assert [each["id"] for each in served["scripts"]] == [each.script_id for each in policy.scripts]
    assert [each["id"] for each in served["package_configuration"]["packages"]] == [
        each.package_id for each in policy.packages
    ]
    assert [each["id"] for each in served["scope"]["computer_groups"]] == list(policy.scope.group_ids)
    assert [each["id"] for each in served["scope"]["exclusions"]["computer_groups"]] == list(
        policy.scope.excluded_group_ids
    )
    assert served["scripts"][0]["parameter4"] == (*policy.scripts[0].parameters, "")[0]
    assert served["general"]["category"]["id"] == (policy.category_id or -1)


def test_triggers_become_flags_and_a_custom_event() -> None:
    for policy in ESTATE.policies:
        general = get(f"/JSSResource/policies/id/{policy.id}")["policy"]["general"]
        flags = {
            key.removeprefix("trigger_") for key, value in general.items() if value is True and "trigger_" in key
        }
        event = {general["trigger_other"]} - {""}
        assert flags | event == set(policy.triggers)


def test_a_profile_holds_its_mobileconfig_unchanged() -> None:
    for profile in ESTATE.profiles:
        general = get(f"/JSSResource/osxconfigurationprofiles/id/{profile.id}")["os_x_configuration_profile"][
            "general"
        ]
        assert general["payloads"] == profile.payloads
        assert plistlib.loads(general["payloads"].encode())["PayloadType"] == "Configuration"


def test_a_script_is_the_same_by_all_ways_to_it() -> None:
    for script in ESTATE.scripts:
        classic = get(f"/JSSResource/scripts/id/{script.id}")["script"]
        assert classic["script_contents"] == script.contents
        assert base64.b64decode(classic["script_contents_encoded"]).decode() == script.contents
        assert get(f"/api/v1/scripts/{script.id}")["scriptContents"] == script.contents
        assert get(f"/api/v1/scripts/{script.id}/download").decode() == script.contents


def test_groups_show_their_kind_in_the_list() -> None:
    listed = get("/JSSResource/computergroups")["computer_groups"]
    assert [(each["id"], each["is_smart"]) for each in listed] == [
        (each.id, each.is_smart) for each in ESTATE.groups
    ]


def test_the_pro_lists_hold_everything_page_by_page() -> None:
    whole = get("/api/v1/scripts", query=b"page-size=2000")
    assert whole["totalCount"] == len(whole["results"]) == len(ESTATE.scripts)
    pages = [
        get("/api/v1/scripts", query=b"page-size=3&page=%d" % n)["results"] for n in range(whole["totalCount"])
    ]
    assert [each for page in pages for each in page] == whole["results"]


@pytest.mark.parametrize("accept", ["", "*/*", "application/xml", "text/xml, application/json"])
def test_xml_is_the_default_of_the_classic_api(accept: str) -> None:
    assert get("/JSSResource/policies", accept).startswith(
        b'<?xml version="1.0" encoding="UTF-8"?><policies><size>'
    )


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/JSSResource",
        "/JSSResource/nope",
        "/JSSResource/policies/1",
        "/JSSResource/policies/serial/1",
        "/api/v1",
        "/api/v1/nope",
        "/api/v1/scripts/1/nope",
        "/api/v2/scripts",
    ],
)
def test_other_paths_are_no_endpoints(path: str) -> None:
    assert RESOURCES.find(path) is None


@pytest.mark.parametrize(
    "path",
    [
        "/JSSResource/policies/id/999999",
        "/JSSResource/policies/id/x",
        "/JSSResource/policies/id/²",
        "/JSSResource/policies/name/no such policy",
        "/api/v1/scripts/999999",
        "/api/v1/scripts/999999/download",
    ],
)
def test_a_missing_resource_is_404(path: str) -> None:
    target = RESOURCES.find(path)
    assert target is not None
    assert RESOURCES.answer(target, "application/json", b"").status == 404


def test_by_name_and_by_id_meet_the_same_draws() -> None:
    policy = ESTATE.policies[0]
    by_id, by_name = (
        RESOURCES.find(f"/JSSResource/policies/{how}") for how in (f"id/{policy.id}", f"name/{policy.name}")
    )
    assert by_id is not None and by_name is not None
    assert (by_id.endpoint, by_id.resource) == (by_name.endpoint, by_name.resource)


def test_xml_escapes_and_drops_what_xml_cannot_hold() -> None:
    text = "a<b>&\"c' \x00\x08\x1b\ttab\nline\r\nend é 😀 ]]>"
    root = ElementTree.fromstring(render_xml({"script": {"script_contents": text}}))
    contents = root.find("script_contents")
    assert contents is not None
    assert contents.text == text.replace("\x00", "").replace("\x08", "").replace("\x1b", "")


def test_errors_are_a_page_on_one_api_and_json_on_the_other() -> None:
    page = classic_error(401)
    assert page.content_type.startswith(b"text/html")
    assert b"The request requires user authentication" in page.body
    assert json.loads(pro_error(401).body) == {"httpStatus": 401, "errors": []}
    (error,) = json.loads(pro_error(404, "INVALID_ID", "no such", "id").body)["errors"]
    assert error == {"code": "INVALID_ID", "description": "no such", "id": "0", "field": "id"}
    assert json.loads(oauth_error(401, "invalid_client").body) == {"error": "invalid_client"}


def test_classic_json_has_no_spaces_and_keeps_its_letters() -> None:
    assert classic_json({"policy": {"name": "Zürich"}}).body == '{"policy":{"name":"Zürich"}}'.encode()
