"""What results hold: a digest that equal ones share, and where two of them differ, without what they say.

A result may hold personal data and secrets. Where two differ, a message shows numbers, booleans and sizes, names of
fields (keys that could be one in Python), and of all else the kind: no text, not even its digest, from which a
short text could be guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice, zip_longest
from typing import Any

__all__ = ["Part", "first_difference", "outline", "result_digest"]

Part = tuple[str, str, str]
"""Where in the result, what may be said of it, and its digest. Not to be shown: the digest."""

_MOST_PARTS = 20_000
_LONGEST = 120
_LONGEST_NAME = 40
_LONGEST_INT = 2000
"""Bits: longer ones count in hexadecimal, as Python refuses to write them as decimals (from 640 digits on)."""


def result_digest(value: Any) -> str:
    """Equal results, equal digests (SHA-256, hex); "" where a result shows no content to compare.

    Containers count by content, mappings and sets in any order, arrays by type, shape and bytes, other objects by
    their ``repr`` unless that is the default one with an address, is abbreviated or raises.
    """
    try:
        text = _canonical(value)
    except Exception:  # _Unknown; it holds itself or is nested thousands deep; its own code raises
        return ""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Unknown(Exception):
    """A value that shows no content."""


def _canonical(value: Any) -> str:
    match value:
        case list() | tuple():
            return f"sequence({','.join(map(_canonical, value))})"
        case set() | frozenset():
            return f"set({','.join(sorted(map(_canonical, value)))})"
        case Mapping():
            return f"mapping({','.join(sorted(f'{_canonical(k)}={_canonical(v)}' for k, v in value.items()))})"
    if _is_long(value):
        return hex(value)
    if isinstance(value, type):  # its attributes describe its instances
        return repr(value)
    if getattr(getattr(value, "dtype", None), "hasobject", False):  # its bytes are addresses
        return f"objects({value.shape},{_canonical(value.tolist())})"
    if hasattr(value, "tobytes") and hasattr(value, "shape"):
        return f"array({getattr(value, 'dtype', '')},{value.shape},{hashlib.sha256(value.tobytes()).hexdigest()})"
    text = repr(value)
    if not isinstance(value, str | bytes | bytearray) and (" at 0x" in text or "..." in text):
        raise _Unknown  # an address, or a repr that leaves out a part of the content
    return text


def _is_long(value: Any) -> bool:
    return isinstance(value, int) and value.bit_length() > _LONGEST_INT


def outline(value: Any) -> tuple[Part, ...]:
    """The parts of a result from the outside in; the first 20,000 of them; none where one shows no content."""
    parts: list[Part] = []
    try:
        parts += islice(_parts("", value), _MOST_PARTS)
    except Exception:  # as in ``result_digest``: a message without the place is better than none
        return ()
    return tuple(parts)


def _parts(path: str, value: Any) -> Iterator[Part]:
    match value:
        case list() | tuple():
            yield path, f"{type(value).__name__} of {len(value)}", f"sequence {len(value)}"
            for index, each in enumerate(value):
                yield from _parts(f"{path}[{index}]", each)
        case Mapping():
            keys = _in_order(value)
            yield path, f"mapping of {len(value)}", f"mapping {len(value)} {_short([text for text, _ in keys])}"
            for number, (_, key) in enumerate(keys):
                yield from _parts(f"{path}{_key(key, number)}", value[key])
        case _:
            yield path, _said(value), _short(_canonical(value))


def _in_order(mapping: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    return sorted(((_canonical(key), key) for key in mapping), key=lambda pair: pair[0])


def _key(key: Any, number: int) -> str:
    """A field's name or a number; any other key may be data, and is told by its place among the sorted keys."""
    if isinstance(key, str) and key.isidentifier() and key.isascii() and len(key) <= _LONGEST_NAME:
        return f"[{key!r}]"
    return f"[{_said(key)}]" if isinstance(key, bool | int | float) else f"[key {number + 1}: {_said(key)}]"


def _said(value: Any) -> str:
    """Numbers and sizes."""
    if _is_long(value):
        return f"int of {value.bit_length():,} bits"
    if value is None or isinstance(value, bool | int | float | complex):
        text = repr(value)
        return text if len(text) <= _LONGEST_NAME else f"{text[:_LONGEST_NAME]}…"
    kind = type(value).__name__
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    with suppress(Exception):  # code of its own, such as a length that only a loaded one has
        if hasattr(value, "dtype") and hasattr(value, "shape") and not isinstance(value, type):
            return f"{kind} of {value.dtype}, shape {value.shape}"
        if hasattr(type(value), "__len__"):  # a class has the one of its instances
            return f"{kind} of {len(value)}"
    return kind


def _short(content: object) -> str:
    return hashlib.sha256(repr(content).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def first_difference(base: Sequence[Part], new: Sequence[Part]) -> str:
    """``at result['rows'][3]['total']: 12.5 against 13.0``; "" where either shows no parts."""
    if not base or not new:
        return ""
    for one, other in zip_longest(base, new):
        if one == other or (one and other and (one[0], one[2]) == (other[0], other[2])):
            continue
        if one is None or other is None or one[0] != other[0]:
            break
        path = f"result{one[0]}"
        where = path if len(path) <= _LONGEST else f"{path[: _LONGEST // 2]}…{path[-_LONGEST // 2 :]}"
        said = f"{one[1]} against {other[1]}" if one[1] != other[1] else f"{one[1]} on both sides, of other content"
        return f"at {where}: {said}"
    return f"their first {min(len(base), len(new)):,} parts are equal"
