"""What an export must ask for, known from the data set alone: the resources that its roots reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from workbench.dataset.jamf.model import Estate, Policy, Scope
from workbench.scenarios.jamf.resources import Kind, Ref

__all__ = ["EstateGraph", "estate_graph"]


@dataclass(frozen=True, slots=True)
class EstateGraph:
    """``needs``: each resource of the export and what it refers to; ``contents``: bytes that must travel."""

    roots: tuple[Ref, ...]
    needs: Mapping[Ref, tuple[Ref, ...]]
    contents: int


def estate_graph(estate: Estate) -> EstateGraph:
    """The part of the estate that its policies and profiles reach."""
    everything = dict(_edges(estate))
    roots = tuple(ref for ref in everything if ref.kind in (Kind.POLICY, Kind.PROFILE))
    needs: dict[Ref, tuple[Ref, ...]] = {}
    pending = list(roots)
    while pending:
        ref = pending.pop()
        if ref not in needs:
            needs[ref] = everything[ref]
            pending += everything[ref]
    scripts = sum(len(s.contents.encode()) for s in estate.scripts if Ref(Kind.SCRIPT, s.id) in needs)
    return EstateGraph(roots, needs, scripts + sum(len(p.payloads.encode()) for p in estate.profiles))


def _edges(estate: Estate) -> Iterator[tuple[Ref, tuple[Ref, ...]]]:
    for policy in estate.policies:
        yield (
            Ref(Kind.POLICY, policy.id),
            (*_category(policy.category_id), *_payloads(policy), *_scope(policy.scope)),
        )
    for profile in estate.profiles:
        yield Ref(Kind.PROFILE, profile.id), (*_category(profile.category_id), *_scope(profile.scope))
    for script in estate.scripts:
        yield Ref(Kind.SCRIPT, script.id), _category(script.category_id)
    for package in estate.packages:
        yield Ref(Kind.PACKAGE, package.id), _category(package.category_id)
    for group in estate.groups:
        nested = _refs(Kind.GROUP, (c.group_id for c in group.criteria))
        attributes = _refs(Kind.EXTENSION_ATTRIBUTE, (c.extension_attribute_id for c in group.criteria))
        yield Ref(Kind.GROUP, group.id), nested + attributes
    for attribute in estate.extension_attributes:
        yield Ref(Kind.EXTENSION_ATTRIBUTE, attribute.id), ()
    for category in estate.categories:
        yield Ref(Kind.CATEGORY, category.id), ()


def _payloads(policy: Policy) -> tuple[Ref, ...]:
    packages = _refs(Kind.PACKAGE, (each.package_id for each in policy.packages))
    return packages + _refs(Kind.SCRIPT, (each.script_id for each in policy.scripts))


def _scope(scope: Scope) -> tuple[Ref, ...]:
    return _refs(Kind.GROUP, (*scope.group_ids, *scope.excluded_group_ids))


def _category(number: int) -> tuple[Ref, ...]:
    return _refs(Kind.CATEGORY, (number,))


def _refs(kind: Kind, numbers: Iterable[int]) -> tuple[Ref, ...]:
    """References to those ids that aren't 0, which means "none"."""
    return tuple(Ref(kind, number) for number in dict.fromkeys(numbers) if number)
