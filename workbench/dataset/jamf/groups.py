"""Smart and static computer groups. A group refers to groups before it only, so that nesting has no cycle."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.dataset.draw import Stream
from workbench.dataset.jamf.model import ComputerGroup, Criterion, ExtensionAttribute
from workbench.dataset.jamf.naming import Names, spaced_ids
from workbench.dataset.jamf.vocabulary import APPS, BUILDINGS, DEPARTMENTS, MACOS, MODELS, SITES, slug

__all__ = ["build_groups"]


def build_groups(seed: int, count: int, attributes: Sequence[ExtensionAttribute]) -> tuple[ComputerGroup, ...]:
    """``count`` groups: the built-in "All Managed Clients", then about 30 % static and 70 % smart ones."""
    stream = Stream(seed, "jamf", "groups")
    names, ids = Names(stream), spaced_ids(stream, count)
    groups: list[ComputerGroup] = []
    for number in ids:
        if not groups:
            groups.append(ComputerGroup(number, names.unique("All Managed Clients"), True))
        elif stream.chance(0.3):
            groups.append(_static(stream, number, names))
        else:
            groups.append(_smart(stream, number, names, groups, attributes))
    return tuple(groups)


def _static(stream: Stream, number: int, names: Names) -> ComputerGroup:
    site, department = stream.pick(SITES), stream.pick(DEPARTMENTS)
    name = names.next(f"{stream.pick(('Pilot', 'Loaners', 'VIP', 'Classroom'))} {department} {site}")
    computers = []
    for computer in sorted({stream.number(1, 20_000) for _ in range(stream.log_normal(6, 0.8, 0, 60))}):
        label = f"{slug(site)[:3]}-{slug(department)[:3]}-{computer:05d}".upper()
        computers.append((computer, label, f"X{stream.hexadecimal(9).upper()}"))
    return ComputerGroup(number, name, False, computers=tuple(computers))


def _smart(
    stream: Stream,
    number: int,
    names: Names,
    earlier: Sequence[ComputerGroup],
    attributes: Sequence[ExtensionAttribute],
) -> ComputerGroup:
    criteria = [_plain(stream)]
    if stream.chance(0.45):
        criteria.append(_by_attribute(stream, stream.skewed(attributes)))
    for group in stream.several(earlier, stream.weighted({0: 50, 1: 35, 2: 15})):
        search = "not member of" if stream.chance(0.2) else "member of"
        criteria.append(Criterion("Computer Group", 0, "and", search, group.name, group_id=group.id))
    numbered = tuple(
        Criterion(
            name=criterion.name,
            priority=priority,
            and_or="or" if priority and stream.chance(0.2) else "and",
            search_type=criterion.search_type,
            value=criterion.value,
            group_id=criterion.group_id,
            extension_attribute_id=criterion.extension_attribute_id,
        )
        for priority, criterion in enumerate(stream.shuffled(criteria))
    )
    return ComputerGroup(number, names.next(_smart_name(stream, criteria[0])), True, criteria=numbered)


def _plain(stream: Stream) -> Criterion:
    """A criterion that depends on nothing."""
    name, search, value = stream.pick(
        (
            ("Operating System Version", "less than", stream.pick(MACOS)),
            ("Application Title", stream.pick(("has", "does not have")), f"{stream.skewed(APPS).name}.app"),
            ("Department", "is", stream.pick(DEPARTMENTS)),
            ("Building", "is", stream.pick(BUILDINGS)),
            ("Model", "like", stream.pick(MODELS)),
            ("Last Check-in", "more than x days ago", str(stream.pick((7, 14, 30, 90)))),
            ("FileVault 2 Partition Encryption State", "is not", "Encrypted"),
        )
    )
    return Criterion(name, 0, "and", search, value)


def _by_attribute(stream: Stream, attribute: ExtensionAttribute) -> Criterion:
    search, value = {
        "Integer": ("more than", str(stream.number(1, 500))),
        "Date": ("more than x days ago", str(stream.pick((30, 90, 180)))),
    }.get(attribute.data_type, ("is", stream.pick(attribute.choices or ("not installed", "unknown"))))
    return Criterion(attribute.name, 0, "and", search, value, extension_attribute_id=attribute.id)


def _smart_name(stream: Stream, criterion: Criterion) -> str:
    value = criterion.value.removesuffix(".app")
    return f"{stream.pick(SITES)} – {criterion.name} {criterion.search_type} {value}"
