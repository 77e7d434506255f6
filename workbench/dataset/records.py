"""Frozen dataclasses to JSON Lines and back, with the types checked on the way in."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

__all__ = ["RecordError", "decode_rows", "encode_rows"]

R = TypeVar("R")


class RecordError(ValueError):
    """A row does not have the shape of its dataclass; the text says which field."""


def encode_rows(rows: Iterable[object]) -> bytes:
    """One compact JSON object a line, keys sorted, UTF-8, each line ended by ``\\n``."""
    encoder = json.JSONEncoder(default=_fields, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return "".join(encoder.encode(row) + "\n" for row in rows).encode()


def decode_rows(record: type[R], content: bytes) -> tuple[R, ...]:
    """The rows of ``encode_rows``.

    Raises:
        RecordError: not UTF-8, not JSON, or not the fields and types of ``record``.
    """
    kind: Any = record
    read = _reader(kind)
    rows: list[R] = []
    # str.splitlines would also split at U+2028 and others that JSON leaves unescaped.
    for number, line in enumerate(content.removesuffix(b"\n").split(b"\n") if content else (), start=1):
        try:
            rows.append(read(json.loads(line)))
        except (ValueError, RecursionError) as error:
            raise RecordError(f"line {number}: {error}") from error
    return tuple(rows)


def _fields(value: Any) -> dict[str, Any]:
    record: Any = type(value)
    return {name: getattr(value, name) for name in _field_names(record)}


@cache
def _field_names(record: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(record))


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    if dataclasses.is_dataclass(kind):
        return _record_reader(kind)
    if get_origin(kind) is tuple:
        return _tuple_reader(get_args(kind))
    if get_origin(kind) is Mapping:
        return _mapping_reader(get_args(kind)[1])
    return _scalar_reader(kind)


def _record_reader(record: Any) -> Callable[[Any], Any]:
    readers: Mapping[str, Callable[[Any], Any]] = {
        name: _reader(kind) for name, kind in get_type_hints(record).items()
    }

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise RecordError(f"{record.__name__} must be an object")
        if value.keys() != readers.keys():
            wrong = ", ".join(sorted(value.keys() ^ readers.keys()))
            raise RecordError(f"{record.__name__} has missing or unknown fields: {wrong}")
        return record(**{name: reader(value[name]) for name, reader in readers.items()})

    return read


def _tuple_reader(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if arguments[-1] is Ellipsis:
        item = _reader(arguments[0])
        return lambda value: tuple(item(each) for each in _list(value))
    items = tuple(_reader(argument) for argument in arguments)

    def read(value: Any) -> tuple[Any, ...]:
        if len(_list(value)) != len(items):
            raise RecordError(f"expected {len(items)} values")
        return tuple(reader(each) for reader, each in zip(items, value, strict=True))

    return read


def _mapping_reader(item: Any) -> Callable[[Any], Any]:
    """Keys are texts, as JSON's are; values of type Any are taken as they come."""
    read: Callable[[Any], Any] = (lambda value: value) if item is Any else _reader(item)

    def read_all(value: Any) -> Any:
        if not isinstance(value, dict):
            raise RecordError("expected an object")
        return {key: read(each) for key, each in value.items()}

    return read_all


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise RecordError("expected a list")
    return value


def _scalar_reader(kind: type[Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:  # bool is an int to isinstance
            raise RecordError(f"expected {kind.__name__}, found {type(value).__name__}")
        return value

    return read
