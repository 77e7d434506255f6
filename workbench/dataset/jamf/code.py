"""Script bodies of a wanted size: a head, functions about some applications, and a main that calls them all."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.dataset.draw import Stream
from workbench.dataset.jamf.fragments import fill, fragments, text
from workbench.dataset.jamf.vocabulary import APPS, SITES, App, slug

__all__ = ["LARGEST", "SMALLEST", "ScriptHead", "attribute_script", "compose", "version"]

SMALLEST, LARGEST = 1024, 40 * 1024
"""Bytes in UTF-8 that a script has at least and at most."""


@dataclass(frozen=True, slots=True)
class ScriptHead:
    """What a script says about itself; ``language`` is "shell" or "python"."""

    language: str
    interpreter: str
    filename: str
    info: str
    parameters: tuple[str, ...]


def compose(stream: Stream, head: ScriptHead, app: App, size: int) -> str:
    """A valid script of at least ``size`` bytes (at most one function more, never above LARGEST).

    The first function is about ``app``, the others are about any application.
    """
    prologue, epilogue = _frame(stream, head)
    gap = "\n" if head.language == "shell" else "\n\n"
    functions: dict[str, str] = {}
    length = len(prologue.encode()) + len(epilogue.encode())
    pool = fragments(head.language)
    subject = app
    while not functions or length < size:
        name, template = stream.pick(pool)
        call = f"{name}_{slug(subject.name)}"
        body = fill(template, _values(stream, subject))
        added = len(body.encode()) + len(_call(head.language, call).encode()) + len(gap) + 1
        if length + added > LARGEST:
            break
        if call not in functions:
            functions[call] = body
            length += added
        subject = stream.skewed(APPS)
    calls = "\n".join(_call(head.language, call) for call in functions)
    body = gap + gap.join([*functions.values(), epilogue.replace("@CALLS@", calls)])
    return prologue + body


def attribute_script(stream: Stream, kind: str, app: App) -> str:
    """The script of an extension attribute: prints one ``<result>``."""
    return fill(dict(fragments("attribute"))[kind], _values(stream, app))


def _frame(stream: Stream, head: ScriptHead) -> tuple[str, str]:
    mark = "#   $" if head.language == "shell" else "    "
    lines = [f"{mark}{number}  {label}" for number, label in enumerate(head.parameters, start=4)]
    site = stream.pick(SITES)
    values = {
        "INTERPRETER": head.interpreter,
        "FILENAME": head.filename,
        "INFO": head.info,
        "PARAMETERS": "\n".join(lines) or mark.rstrip("$") + "none",
        "SLUG": slug(head.filename),
        "SITE_SLUG": slug(site),
        "VERSION": version(stream),
    }
    return fill(text(f"{head.language}_head"), values), text(f"{head.language}_tail")


def version(stream: Stream) -> str:
    """A product version of two or three parts."""
    parts = [stream.number(1, 140), stream.number(0, 12), *([stream.number(0, 9)] if stream.chance(0.6) else [])]
    return ".".join(map(str, parts))


def _values(stream: Stream, app: App) -> dict[str, str]:
    return {
        "APP": app.name,
        "SLUG": slug(app.name),
        "BUNDLE": app.bundle,
        "PATH": app.path,
        "TEAM": app.team,
        "VERSION": version(stream),
        "SITE": stream.pick(SITES),
        "N": str(stream.number(3, 90)),
    }


def _call(language: str, call: str) -> str:
    return f'    {call} "$@" || failed=$((failed + 1))' if language == "shell" else f"        {call},"
