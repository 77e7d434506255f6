"""Takes secrets out of text before anything is written: pure functions, linear time, idempotent."""

from __future__ import annotations

from workbench.redaction.sql import redact_cypher, redact_sql
from workbench.redaction.text import REDACTED, is_secret_name, redact, redact_url, redact_value

__all__ = ["REDACTED", "is_secret_name", "redact", "redact_cypher", "redact_sql", "redact_url", "redact_value"]
