"""A presigner of our own in place of boto3's: what such a URL needs and no more; the key is derived for each."""

from __future__ import annotations

import time

from workbench.scenarios.files.listing import EXPIRES_S, Desk, Entry, Listed, list_files, parameters
from workbench.scenarios.files.sigv4 import Presigner

__all__ = ["listing", "sign_all"]


async def listing(desk: Desk) -> list[Listed]:
    """All files, with URLs."""
    return sign_all(desk, Presigner(desk.bucket.endpoint, keep_key=False), list_files(desk))


def sign_all(desk: Desk, presigner: Presigner, entries: list[Entry]) -> list[Listed]:
    """One URL after another."""
    listed = []
    for entry in entries:
        began, cpu = time.perf_counter(), time.thread_time()
        fields = parameters(desk.bucket.name, entry)
        url = presigner.url(
            entry.key,
            fields["ResponseContentType"],
            fields["ResponseContentDisposition"],
            at=desk.now(),
            expires_s=EXPIRES_S,
        )
        desk.signed.add(1, time.perf_counter() - began, time.thread_time() - cpu)
        listed.append(Listed(entry, url))
    return listed
