"""Rows travel through JSON Lines unchanged, and anything of another shape is refused with its place."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from workbench.dataset.records import RecordError, decode_rows, encode_rows


@dataclass(frozen=True, slots=True)
class Inner:
    flag: bool


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    text: str
    inner: Inner
    many: tuple[Inner, ...] = ()
    triple: tuple[tuple[int, str, str], ...] = ()


GOOD = b'{"id":1,"inner":{"flag":true},"many":[],"text":"a","triple":[]}\n'


def test_rows_come_back_equal() -> None:
    rows = (
        Row(
            1, 'quotes " and \\ and \u2028 and \r\n and \x00 and 🚀', Inner(True), (Inner(False),), ((1, "a", "b"),)
        ),
        Row(2, "", Inner(False)),
    )
    content = encode_rows(rows)
    assert decode_rows(Row, content) == rows
    assert content.count(b"\n") == 2


def test_the_bytes_are_compact_sorted_utf8() -> None:
    assert encode_rows([Row(1, "a", Inner(True))]) == GOOD
    assert "ü".encode() in encode_rows([Row(1, "ü", Inner(True))])


def test_no_rows_are_no_bytes() -> None:
    assert encode_rows([]) == b""
    assert decode_rows(Row, b"") == ()


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"[]\n", "Row must be an object"),
        (GOOD.replace(b'"id":1,', b""), "missing or unknown fields: id"),
        (GOOD.replace(b'"id"', b'"ID"'), "missing or unknown fields: ID, id"),
        (GOOD.replace(b'"id":1', b'"id":true'), "expected int, found bool"),
        (GOOD.replace(b'"id":1', b'"id":1.5'), "expected int, found float"),
        (GOOD.replace(b'"text":"a"', b'"text":null'), "expected str, found NoneType"),
        (GOOD.replace(b'"many":[]', b'"many":{}'), "expected a list"),
        (GOOD.replace(b'"triple":[]', b'"triple":[[1,"a"]]'), "expected 3 values"),
        (GOOD[:-10] + b"\n", "Unterminated string"),
        (b"\xff\n", "can't decode"),
        (b"\n", "Expecting value"),
        (b"[" * 100_000 + b"\n", "recursion"),
    ],
)
def test_another_shape_is_refused_with_its_line(content: bytes, complaint: str) -> None:
    with pytest.raises(RecordError, match=r"^line 2: ") as caught:
        decode_rows(Row, GOOD + content)
    assert complaint in str(caught.value)
