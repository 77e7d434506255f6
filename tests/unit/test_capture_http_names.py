"""Span names hold templates, not data."""

from __future__ import annotations

import pytest

from workbench.capture.http_names import path_template

ROUTES_STAY = """
/
/deadline
/JSSResource/computerextensionattributes
/JSSResource/osxconfigurationprofiles
/JSSResource/mobiledeviceconfigurationprofiles
/api/v1/auth/token
/api/v1/auth/keep-alive
/api/v1/auth/invalidate-token
/api/v1/oauth/token
/api/v1/jamf-pro-version
/api/v1/computers-inventory
/api/v1/departments/delete-multiple
/v1/chat/completions
/v1/messages/count_tokens
/v1/messages/batches
/v1/images/generations
/v1/fine_tuning/jobs
/oauth2/v2.0/authorize
/apis/apps/v1/deployments
/apis/networking/v1beta1/ingresses
/.well-known/openid-configuration
/users/me/settings
/user/login
/api/search
/rest/accessToken/refreshNow
/v1.0/servicePrincipals
/graphql
/robots.txt
/static/app.js
/index.html
/status/health
"""

DATA_GOES = """
/JSSResource/policies/id/17 -> /JSSResource/policies/id/{id}
/JSSResource/policies/name/Adobe -> /JSSResource/policies/name/{value}
/JSSResource/policies/name/search -> /JSSResource/policies/name/{value}
/JSSResource/computers/serialnumber/C02 -> /JSSResource/computers/serialnumber/{value}
/JSSResource/computers/id/7/subset/general -> /JSSResource/computers/id/{id}/subset/general
/api/v1/scripts/3/download?page=1&token=abc -> /api/v1/scripts/{id}/download
/api/v1/jamf-pro-version#x -> /api/v1/jamf-pro-version
/a/123e4567-e89b-12d3-a456-426614174000/b -> /a/{id}/b
/blobs/9f86d081884c7d65 -> /blobs/{id}
/users/ada%40example.org -> /users/{value}
/users/ada@example.org -> /users/{value}
/users/alice.smith/orders -> /users/{value}/orders
/users/jones -> /users/{value}
/user/alice -> /user/{value}
/u/alice/avatar -> /u/{value}/{value}
/v1/customers/anna-mueller -> /v1/customers/{value}
/v1/customers/anna-mueller/orders/42/cancel -> /v1/customers/{value}/orders/{id}/cancel
/people/alice -> /people/{value}
/profile/anna-mueller.html -> /profile/{value}
/services/T024BEKQ/B04ABCDEF/abcdefGHIJKLmnopQRST2xyz -> /services/{value}/{id}/{value}
/reset/kJhGfDsAqWeRtYuIoPzX -> /reset/{value}
/reset/kjhgfdsaqwertyuiopzx -> /reset/{value}
/auth/kJhGfDsAqWeRtYuIoPzX -> /auth/{value}
/download/qwrtzpsdfghjklyxcvbnm -> /download/{value}
/api/keys/AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf -> /api/keys/{value}
/go/AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf -> /go/{value}
/bot123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11/sendMessage -> /{value}/sendMessage
/api/webhooks/123456789012345678/aBcD_efGh-ijKl -> /api/webhooks/{id}/{value}
/repos/octocat/hello-world/issues/7 -> /repos/{value}/{value}/issues/{id}
/namespaces/prod/pods/web-frontend -> /namespaces/{value}/pods/{value}
/subscriptions/123e4567-e89b-12d3-a456-426614174000/userGroups/my-rg -> /subscriptions/{id}/userGroups/{value}
/scim/v2/Users/alice -> /scim/v2/Users/{value}
/tenant/acme/login -> /tenant/{value}/login
/blog/how-i-left-my-employer -> /blog/{value}
/news/a-b-c-d-e-f -> /news/{value}
/files/INV-2024001.pdf -> /files/{value}
/download/report-alice.pdf -> /download/{value}
/models/gemini:generateContent -> /models/{value}
/x/a=b -> /x/{value}
"""


@pytest.mark.parametrize("path", ROUTES_STAY.split())
def test_routes_stay_readable(path: str) -> None:
    assert path_template(path) == path


@pytest.mark.parametrize("line", DATA_GOES.strip().splitlines())
def test_data_goes(line: str) -> None:
    path, _, template = line.partition(" -> ")
    assert path_template(path) == template


def test_long_and_empty_paths() -> None:
    assert path_template("") == ""
    assert path_template("/x/" + "a" * 41) == "/x/{value}"
    assert path_template("//x//y/") == "//x//y/"
