"""Takes secrets out of text before anything is written: pure functions, linear time, idempotent."""

from __future__ import annotations

from workbench.redaction.code import redact_code, redact_markdown, redact_output
from workbench.redaction.exceptions import redact_exception
from workbench.redaction.keys import REDACTED
from workbench.redaction.sql import redact_cypher, redact_sql
from workbench.redaction.text import is_secret_name, redact, redact_url, redact_value, redact_words

__all__ = [
    "REDACTED",
    "is_secret_name",
    "redact",
    "redact_code",
    "redact_cypher",
    "redact_exception",
    "redact_markdown",
    "redact_output",
    "redact_sql",
    "redact_url",
    "redact_value",
    "redact_words",
]
