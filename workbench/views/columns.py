"""Columns of unsigned numbers as bytes: each in the smallest form that holds it.

``u1``, ``u2`` and ``u4`` are little-endian integers, ``f8`` doubles; ``p2`` and ``p4`` hold the low bytes of all,
then the next bytes of all. Deflate makes less of those where the high bytes repeat themselves.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Column", "packed", "unpacked", "unzigzag", "zigzag"]

Column = npt.NDArray[Any]

_TYPES = {"u1": np.uint8, "u2": np.uint16, "u4": np.uint32, "f8": np.float64}
_PLANES = {"u2": "p2", "u4": "p4"}
_TRIED = 1 << 14  # numbers by which the form of a column is chosen


def packed(values: Column) -> tuple[str, bytes]:
    """The form and the bytes of a column."""
    code, narrow = _narrow(values)
    if code in _PLANES and _planes_are_smaller(narrow):
        return _PLANES[code], _planes(narrow)
    return code, narrow.tobytes()


def unpacked(raw: bytes, code: str, offset: int, count: int) -> Column:
    """``count`` numbers of that form, ``offset`` bytes into ``raw``."""
    if code in _TYPES:
        return np.frombuffer(raw, dtype=np.dtype(_TYPES[code]).newbyteorder("<"), count=count, offset=offset)
    width = int(code[1])
    planes = np.frombuffer(raw, dtype=np.uint8, count=count * width, offset=offset).reshape(width, count)
    return np.ascontiguousarray(planes.T).view(np.dtype(f"<u{width}")).reshape(count)


def zigzag(values: Column) -> Column:
    """Signed numbers as unsigned ones, small ones staying small."""
    return np.where(values >= 0, 2 * values, -2 * values - 1)


def unzigzag(values: Column) -> Column:
    """The inverse of ``zigzag``."""
    values = values.astype(np.int64)
    return np.where(values % 2, -(values + 1) // 2, values // 2)


def _narrow(values: Column) -> tuple[str, Column]:
    """The column in the smallest type that holds it."""
    top = int(values.max(initial=0))
    for code, limit in (("u1", 1 << 8), ("u2", 1 << 16), ("u4", 1 << 32)):
        if top < limit:
            return code, values.astype(_TYPES[code])
    return "f8", values.astype(np.float64)


def _planes(values: Column) -> bytes:
    """All low bytes, then all of the next, …"""
    return values.view(np.uint8).reshape(len(values), -1).T.tobytes()


def _planes_are_smaller(values: Column) -> bool:
    """Judged by the middle of the column."""
    start = max(0, (len(values) - _TRIED) // 2)
    tried = values[start : start + _TRIED]
    return len(zlib.compress(_planes(tried), 6)) < len(zlib.compress(tried.tobytes(), 6))
