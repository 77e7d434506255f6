"""Faults are options that are given as texts, and a parameter of the session that says which were asked for."""

from __future__ import annotations

import pytest

from workbench.scenarios.azure.options import read_options as read_azure
from workbench.scenarios.fault_texts import faults_text
from workbench.scenarios.jamf.options import read_options as read_jamf


@pytest.mark.parametrize("read", [read_azure, read_jamf], ids=["azure", "jamf"])
def test_texts_and_back(read) -> None:
    server, _ = read({"error_rate": "0.25", "bad_resources": "a/1+b/2", "unauthorized_after": "none"}, 1)
    assert faults_text(server.faults) == "error_rate=0.25,bad_resources=('a/1', 'b/2')"
    assert faults_text(read({}, 1)[0].faults) == "none"
