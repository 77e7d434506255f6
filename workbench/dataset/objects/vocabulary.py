"""What files are called: plain names, and names that break code which joins or quotes them carelessly."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["AWKWARD", "CONTENT_TYPES", "OBJECTS", "SUBJECTS"]

CONTENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "csv": "text/csv",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "json": "application/json",
        "md": "text/markdown",
        "pdf": "application/pdf",
        "png": "image/png",
        "txt": "text/plain",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
"""Media types (IANA) by extension."""

SUBJECTS = ("budget", "contract", "forecast", "handbook", "inventory", "invoice", "meeting", "onboarding", "survey")
OBJECTS = ("draft", "export", "final", "notes", "overview", "raw", "signed", "summary", "template")

AWKWARD = (
    "Übersicht März",
    "cafe\u0301 (decomposed)",
    "日本語の書類",
    "party 🎉",
    "100% done",
    "already%20encoded%2F",
    "plus+and space",
    "a&b=c",
    "what?",
    "#1 draft",
    "semi;colon,comma",
    "\"quoted\" and 'single'",
    "back\\slash",
    "..two..dots..",
    " leading space",
    "<tag>",
    "curly{}[]|^`",
    "tilde~star*at@dollar$colon:bang!",
    "very-" + "long-" * 40 + "name",
)
"""Stems of names that must survive XML, URLs and their signatures."""
