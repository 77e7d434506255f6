"""What an estate holds, in a page of text: counts, sizes, and how its roots depend on the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from workbench.dataset.jamf.estate import TABLES, estate_digest
from workbench.dataset.jamf.model import ConfigurationProfile, Estate, Policy

__all__ = ["describe"]


def describe(estate: Estate) -> str:
    """A plain-text description, without a final newline; the same for equal estates."""
    lines = [
        f"Jamf Pro estate, scale {estate.scale}, seed {estate.seed}",
        f"digest {estate_digest(estate)}",
        f"{estate.roots} root resources, which are policies and configuration profiles",
        "",
        *_tables(estate),
        "",
        *_sizes(estate),
        "",
        *_dependencies(estate),
    ]
    return "\n".join(lines)


def _tables(estate: Estate) -> list[str]:
    return [f"{name.replace('_', ' '):<22}{len(getattr(estate, name)):>7,}" for name in TABLES]


def _sizes(estate: Estate) -> list[str]:
    heading = f"{'size in bytes':<22}{'least':>9}{'median':>9}{'most':>9}{'in all':>13}"
    return [
        heading,
        _size_row("scripts", [len(script.contents.encode()) for script in estate.scripts]),
        _size_row("profile payloads", [len(profile.payloads.encode()) for profile in estate.profiles]),
    ]


def _size_row(label: str, sizes: Sequence[int]) -> str:
    if not sizes:
        return f"{label:<22}{'none':>9}"
    ordered = sorted(sizes)
    middle = ordered[len(ordered) // 2]
    return f"{label:<22}{ordered[0]:>9,}{middle:>9,}{ordered[-1]:>9,}{sum(ordered):>13,}"


def _dependencies(estate: Estate) -> list[str]:
    roots: tuple[Policy | ConfigurationProfile, ...] = (*estate.policies, *estate.profiles)
    heading = f"{'roots refer to':<22}{'times':>7}{'different':>11}{'most used':>11}"
    return [
        heading,
        _use_row("scripts", (use.script_id for policy in estate.policies for use in policy.scripts)),
        _use_row("packages", (use.package_id for policy in estate.policies for use in policy.packages)),
        _use_row("categories", (root.category_id for root in roots if root.category_id)),
        _use_row("groups (scope)", (group for root in roots for group in root.scope.group_ids)),
        _use_row("groups (excluded)", (group for root in roots for group in root.scope.excluded_group_ids)),
        f"groups nest up to {_nesting(estate)} deep",
    ]


def _use_row(label: str, ids: Iterable[int]) -> str:
    uses = Counter(ids)
    return f"{label:<22}{uses.total():>7,}{len(uses):>11,}{max(uses.values(), default=0):>11,}"


def _nesting(estate: Estate) -> int:
    """Longest chain of groups; a group follows those that it refers to, so one pass is enough."""
    depth = {0: 0}
    for group in estate.groups:
        depth[group.id] = 1 + max((depth[criterion.group_id] for criterion in group.criteria), default=0)
    return max(depth.values())
