"""The objects that policies and profiles depend on: categories, scripts, packages, extension attributes."""

from __future__ import annotations

import hashlib

from workbench.dataset.draw import Stream
from workbench.dataset.jamf.code import LARGEST, SMALLEST, ScriptHead, attribute_script, compose, version
from workbench.dataset.jamf.model import Category, ExtensionAttribute, Package, Script
from workbench.dataset.jamf.naming import Names, spaced_ids
from workbench.dataset.jamf.vocabulary import APPS, CATEGORIES, DEPARTMENTS, SITES, App, slug

__all__ = ["build_attributes", "build_categories", "build_packages", "build_scripts"]

_INTERPRETERS = {"/bin/bash": 50, "/bin/zsh": 25, "/bin/sh": 10, "/usr/bin/env python3": 15}
_VERBS = ("Configure", "Repair", "Prepare", "Uninstall", "Check", "Reset", "Migrate", "Collect logs of")
_LABELS = (
    "Update channel", "Minutes to wait", "Who is told (e-mail)", "Dry run (yes/no)", "Licence server",
    "Prefix of the name", 'Text of the "Later" button', "Größte Verzögerung in Tagen", "Trigger of the next policy",
)  # fmt: skip
_OS_REQUIREMENTS = {"": 70, "14.x, 15.x": 12, "15.x": 8, "13.6.x, 14.x": 5, "26.x": 5}
_CHOICES = (
    ("Pilot", "Early", "Broad", "Frozen"),
    ("Owned", "Leased", "Loan", "Rückgabe fällig"),
    DEPARTMENTS,
)


def build_categories(seed: int, count: int) -> tuple[Category, ...]:
    stream = Stream(seed, "jamf", "categories")
    names, ids = Names(stream), spaced_ids(stream, count)
    result = []
    for position, number in enumerate(ids):
        plain = CATEGORIES[position % len(CATEGORIES)]
        if position >= len(CATEGORIES):
            plain = f"{plain} – {stream.pick(SITES)}"
        result.append(Category(number, names.next(plain), stream.number(1, 20)))
    return tuple(result)


def build_scripts(seed: int, count: int, categories: tuple[Category, ...]) -> tuple[Script, ...]:
    """Sizes are log-normal with a median of 5 KiB, clipped to 1-40 KiB."""
    stream = Stream(seed, "jamf", "scripts")
    names, ids = Names(stream), spaced_ids(stream, count)
    return tuple(_script(stream, number, names, categories) for number in ids)


def _script(stream: Stream, number: int, names: Names, categories: tuple[Category, ...]) -> Script:
    app, verb = stream.skewed(APPS), stream.pick(_VERBS)
    interpreter = stream.weighted(_INTERPRETERS)
    python = interpreter.endswith("python3")
    plain = (
        f"{verb} {app.name}" if stream.chance(0.6) else f"{slug(verb)}-{slug(app.name)}.{'py' if python else 'sh'}"
    )
    head = ScriptHead(
        language="python" if python else "shell",
        interpreter=interpreter,
        filename=f"{slug(verb)}_{slug(app.name)}.{'py' if python else 'sh'}",
        info=f"{verb} {app.name} on Macs in {stream.pick(SITES)}.",
        parameters=tuple(stream.shuffled(_LABELS)[: stream.weighted({0: 35, 1: 20, 2: 20, 3: 15, 5: 7, 8: 3})]),
    )
    size = stream.log_normal(5 * 1024, 0.9, SMALLEST, LARGEST)
    return Script(
        id=number,
        name=names.next(plain),
        category_id=_category_id(stream, categories),
        filename=head.filename,
        info=head.info,
        notes=_notes(stream),
        priority=stream.weighted({"AFTER": 75, "BEFORE": 20, "AT_REBOOT": 5}),
        os_requirements=stream.weighted(_OS_REQUIREMENTS),
        parameters=head.parameters,
        contents=compose(stream, head, app, size),
    )


def build_packages(seed: int, count: int, categories: tuple[Category, ...]) -> tuple[tuple[Package, App], ...]:
    """Packages with their application: one of every application first, then further versions of popular ones."""
    stream = Stream(seed, "jamf", "packages")
    names, ids = Names(stream), spaced_ids(stream, count)
    result = []
    for position, number in enumerate(ids):
        app = APPS[position] if position < len(APPS) else stream.skewed(APPS)
        result.append((_package(stream, number, names, app, categories), app))
    return tuple(result)


def _package(stream: Stream, number: int, names: Names, app: App, categories: tuple[Category, ...]) -> Package:
    filename = (
        f"{app.name.replace(' ', stream.pick(' _-'))}-{version(stream)}.{stream.weighted({'pkg': 9, 'dmg': 1})}"
    )
    name = names.next(filename)
    return Package(
        id=number,
        name=name,
        category_id=_category_id(stream, categories, app.category),
        filename=filename,
        info=f"{app.name}, repackaged for {stream.pick(SITES)}" if stream.chance(0.3) else "",
        notes=_notes(stream),
        priority=stream.weighted({10: 80, 5: 10, 1: 5, 20: 5}),
        reboot_required=stream.chance(0.06),
        fill_user_template=stream.chance(0.08),
        os_requirements=stream.weighted(_OS_REQUIREMENTS),
        size_bytes=stream.log_normal(120_000_000, 1.2, 200_000, 8_000_000_000),
        sha256=hashlib.sha256(f"{number}:{filename}".encode()).hexdigest(),
    )


def build_attributes(seed: int, count: int) -> tuple[ExtensionAttribute, ...]:
    stream = Stream(seed, "jamf", "extension attributes")
    names, ids = Names(stream), spaced_ids(stream, count)
    return tuple(_attribute(stream, number, names) for number in ids)


def _attribute(stream: Stream, number: int, names: Names) -> ExtensionAttribute:
    app, display = stream.skewed(APPS), stream.weighted({"Extension Attributes": 7, "General": 2, "Hardware": 1})
    kind = stream.weighted(
        {"app_version": 4, "last_opened": 2, "process_count": 1, "cache_size": 2, "menu": 2, "text": 2}
    )
    if kind == "menu":
        name = names.next(f"{stream.pick(('Update ring', 'Ownership', 'Cost centre'))} {stream.pick(SITES)}")
        choices = stream.pick(_CHOICES)
        return ExtensionAttribute(
            number, name, "Set by the service desk", "String", "Pop-up Menu", choices, "", display
        )
    if kind == "text":
        name = names.next(f"{stream.pick(('Asset tag', 'Desk', 'Purchase order'))} {stream.pick(SITES)}")
        return ExtensionAttribute(number, name, "", "String", "Text Field", (), "", display)
    data_type = {"app_version": "String", "last_opened": "Date"}.get(kind, "Integer")
    name = names.next(f"{app.name} {kind.replace('_', ' ')}")
    script = attribute_script(stream, kind, app)
    return ExtensionAttribute(number, name, f"About {app.name}", data_type, "script", (), script, display)


def _category_id(stream: Stream, categories: tuple[Category, ...], wanted: str = "") -> int:
    """The category called ``wanted`` if there is one, else a popular one; 0 (none) for a twelfth."""
    if stream.chance(1 / 12):
        return 0
    named = [category.id for category in categories if category.name == wanted]
    return named[0] if named else stream.skewed(categories).id


def _notes(stream: Stream) -> str:
    """Mostly empty; else what the console's text box saves, with its carriage returns."""
    if stream.chance(0.7):
        return ""
    day = f"{stream.number(2021, 2026)}-{stream.number(1, 12):02d}-{stream.number(1, 28):02d}"
    variable = stream.pick(("TICKET", "owner"))
    return f'{day} tested in {stream.pick(SITES)}\r\n\tDon\'t change without a ticket: "${{{variable}}}"'
