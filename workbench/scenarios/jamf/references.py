"""References between resources, and to their support files, inside the HCL that describes a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from workbench.scenarios.jamf.hcl import Block, Entry, Expression, Scalar, quote
from workbench.scenarios.jamf.resources import Catalog, Ref

__all__ = ["Reference", "SupportFile", "references", "resolve", "support_files"]


@dataclass(frozen=True, slots=True)
class Reference(Expression):
    """Another resource's attribute; ``literal`` stands in its place where that resource isn't exported."""

    ref: Ref | None = None
    literal: Scalar = 0

    @classmethod
    def to(cls, catalog: Catalog, ref: Ref, *, attribute: str = "id", literal: Scalar | None = None) -> Scalar:
        """A reference to ``ref``, or its literal with a comment if the catalog doesn't know it."""
        value = ref.id if literal is None else literal
        if ref not in catalog.listed:
            return _literal(value, f"{ref} does not exist")
        return cls(f"{catalog.address(ref)}.{attribute}", ref=ref, literal=value)


@dataclass(frozen=True, slots=True)
class SupportFile(Expression):
    """The contents of a file beside the module; null where it could not be fetched."""

    ref: Ref | None = None

    @classmethod
    def of(cls, catalog: Catalog, ref: Ref) -> SupportFile:
        return cls(f'file("${{path.module}}/{catalog.support_file(ref)}")', ref=ref)


def references(block: Block) -> tuple[Ref, ...]:
    """The resources that ``block`` refers to, each once, in the order they appear."""
    found = (e.ref for e in _expressions(block) if isinstance(e, Reference) and e.ref is not None)
    return tuple(dict.fromkeys(found))


def support_files(block: Block) -> tuple[Ref, ...]:
    """The resources whose support files ``block`` reads."""
    return tuple(e.ref for e in _expressions(block) if isinstance(e, SupportFile) and e.ref is not None)


def resolve(block: Block, *, exported: Callable[[Ref], bool], saved: Callable[[Ref], bool]) -> Block:
    """``block`` with literals for references that aren't ``exported`` and null for files that aren't ``saved``."""

    def settle(value: Scalar) -> Scalar:
        if isinstance(value, Reference) and value.ref is not None and not exported(value.ref):
            return _literal(value.literal, f"{value.ref} could not be exported")
        if isinstance(value, SupportFile) and value.ref is not None and not saved(value.ref):
            return Expression("null", f"the contents of {value.ref} could not be fetched")
        return value

    return _mapped(block, settle)


def _literal(value: Scalar, comment: str) -> Expression:
    return Expression(quote(value) if isinstance(value, str) else str(value), comment)


def _expressions(block: Block) -> Iterator[Expression]:
    for entry in block.entries:
        if isinstance(entry, Block):
            yield from _expressions(entry)
        else:
            values = entry[1] if isinstance(entry[1], tuple) else (entry[1],)
            yield from (value for value in values if isinstance(value, Expression))


def _mapped(block: Block, settle: Callable[[Scalar], Scalar]) -> Block:
    entries: list[Entry] = []
    for entry in block.entries:
        if isinstance(entry, Block):
            entries.append(_mapped(entry, settle))
        elif isinstance(entry[1], tuple):
            entries.append((entry[0], tuple(map(settle, entry[1]))))
        else:
            entries.append((entry[0], settle(entry[1])))
    return replace(block, entries=tuple(entries))
