"""Identifiers of runs and sessions."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from hashlib import blake2b

from workbench.model import utc_now

__all__ = ["new_id", "run_key"]


def new_id(now: datetime | None = None) -> str:
    """``YYMMDD-HHMMSS-xxxxxxxx`` in UTC with 32 random bits: sorts by time, unique without coordination."""
    moment = (now or utc_now()).astimezone(UTC)
    return f"{moment:%y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def run_key(run_id: str, started_at: datetime) -> int:
    """The run's number in the bulk tables: start second × 2³² + BLAKE2b-32 of the id.

    It compresses to nothing where text does not, is the same in every store, and orders by time, so that the ranges
    DuckDB keeps for each row group leave most of them unread.
    """
    moment = started_at if started_at.tzinfo else started_at.replace(tzinfo=UTC)
    digest = blake2b(run_id.encode("utf-8", "surrogatepass"), digest_size=4, person=b"wb.run").digest()
    return (int(moment.timestamp()) << 32) + int.from_bytes(digest, "little")
