"""A writer of Terraform's HCL native syntax: quoted strings, expressions, lists and nested blocks.

Strings are always written as quoted templates, never as heredocs: a heredoc can't express control characters,
always ends with a newline, and ends early at a line that happens to be its delimiter. Grammar and escapes:
https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Attribute", "Block", "Entry", "Expression", "Scalar", "Value", "quote", "render"]


@dataclass(frozen=True, slots=True)
class Expression:
    """HCL source that stands as it is, such as a reference; ``comment`` follows it on its line."""

    source: str
    comment: str = ""


Scalar = str | int | bool | Expression
Value = Scalar | tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """``type "label" … { entries }``; an entry is an attribute (name, value) or a nested block."""

    type: str
    entries: tuple[Entry, ...]
    labels: tuple[str, ...] = ()


Attribute = tuple[str, Value]
Entry = Attribute | Block

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# Besides these: control characters, line and paragraph separators, byte order marks and lone surrogates.
_SPECIAL = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]')
_TEMPLATE = re.compile(r"[$%](?=\{)")


def quote(text: str) -> str:
    """``text`` as a quoted template that evaluates to it; lone surrogates become U+FFFD."""
    escaped = _SPECIAL.sub(_escape, text)
    return f'"{_TEMPLATE.sub(_double, escaped)}"'


def _double(match: re.Match[str]) -> str:
    return match[0] * 2


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    if "\ud800" <= character <= "\udfff":
        return "\ufffd"
    return _ESCAPES.get(character) or f"\\u{ord(character):04X}"


def render(blocks: Iterable[Block]) -> str:
    """The blocks as the text of one ``.tf`` file, laid out in the manner of ``terraform fmt``."""
    return "\n".join("\n".join(_block(block, "")) + "\n" for block in blocks)


def _block(block: Block, indent: str) -> Iterator[str]:
    head = " ".join([block.type, *map(quote, block.labels)])
    if not block.entries:
        yield f"{indent}{head} {{}}"
        return
    yield f"{indent}{head} {{"
    for number, group in enumerate(_grouped(block.entries)):
        if isinstance(group, Block):
            yield from [""] if number else []
            yield from _block(group, indent + "  ")
        else:
            yield from _attributes(group, indent + "  ")
    yield f"{indent}}}"


def _grouped(entries: Sequence[Entry]) -> Iterator[Block | list[Attribute]]:
    """Blocks and lists one by one; attributes on one line each together, because their signs are aligned."""
    aligned: list[Attribute] = []
    for entry in entries:
        if not isinstance(entry, Block) and not _is_long(entry[1]):
            aligned.append(entry)
            continue
        if aligned:
            yield aligned
            aligned = []
        yield entry if isinstance(entry, Block) else [entry]
    if aligned:
        yield aligned


def _is_long(value: Value) -> bool:
    return isinstance(value, tuple) and len(value) > 0


def _attributes(aligned: Sequence[Attribute], indent: str) -> Iterator[str]:
    width = max(len(name) for name, _ in aligned)
    for name, value in aligned:
        if not isinstance(value, tuple):
            yield f"{indent}{name:<{width}} = {_scalar(value)}"
        elif not value:
            yield f"{indent}{name:<{width}} = []"
        else:
            yield f"{indent}{name:<{width}} = ["
            yield from (f"{indent}  {_scalar(item, ',')}" for item in value)
            yield f"{indent}]"


def _scalar(value: Scalar, end: str = "") -> str:
    if isinstance(value, Expression):
        comment = f" # {_one_line(value.comment)}" if value.comment else ""
        return f"{value.source}{end}{comment}"
    if isinstance(value, bool):
        return f"{'true' if value else 'false'}{end}"
    return f"{value if isinstance(value, int) else quote(value)}{end}"


def _one_line(text: str) -> str:
    return " ".join(_SPECIAL.sub(" ", text).split())
