"""Span names hold templates, not data."""

from __future__ import annotations

import pytest

from workbench.capture.http_names import path_template


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/JSSResource/policies/id/17", "/JSSResource/policies/id/{id}"),
        ("/JSSResource/policies/name/Adobe", "/JSSResource/policies/name/{value}"),
        ("/JSSResource/computers/serialnumber/C02", "/JSSResource/computers/serialnumber/{value}"),
        ("/api/v1/scripts/3/download?page=1&token=abc", "/api/v1/scripts/{id}/download"),
        ("/api/v1/jamf-pro-version#x", "/api/v1/jamf-pro-version"),
        ("/a/123e4567-e89b-12d3-a456-426614174000/b", "/a/{id}/b"),
        ("/blobs/9f86d081884c7d65", "/blobs/{id}"),
        ("/users/ada%40example.org", "/users/{value}"),
        ("/users/ada@example.org", "/users/{value}"),
        ("/files/INV-2024001.pdf", "/files/{value}"),
        ("/x/" + "a" * 41, "/x/{value}"),
        ("/deadline", "/deadline"),
        ("/", "/"),
        ("", ""),
    ],
)
def test_template(path: str, template: str) -> None:
    assert path_template(path) == template
