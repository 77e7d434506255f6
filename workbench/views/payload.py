"""The call tree as the flame graph carries it: interned columns, deflated, with an inverse for tests.

Format (little-endian; zlib around all of it)::

    "WBF3"  uint32 header length  header (ASCII JSON)  padding to 8 bytes  columns, each padded to 8 bytes

The header holds ``meta``, the string tables ``files`` and ``functions``, ``packages`` ([name, kind, colour, self
weight], heaviest first), ``unit_ns`` (weights are multiples of it) and ``columns`` ([name, form, offset,
length]; ``views.columns`` tells the forms, the offset counts from the start of the first column). All numbers in
columns are unsigned; "+1" below means that 0 stands for none.

Frame columns: ``frame_file``, ``frame_function`` (indices into the tables), ``frame_line`` (definition line, 0
unknown), ``frame_flags`` (``capture.roles``: 1 awaits, 2 is the event loop's own, 4 waits: sleeps, selects, …;
8 is the import system's own); optionally ``frame_calls`` (0 unknown); ``file_package`` goes with ``files``. Frame 0
is a placeholder, node 0 an artificial root over all stacks.

Node columns, in the order of ``views.layout`` (breadth first, siblings heaviest first): ``frame``, ``children``
(how many), ``self``, ``samples``, ``line`` (the executing line, 0 unknown or told by the section of lines).
Parents, totals and positions follow from these. ``samples`` is how far the count is off ``self`` by the header's
``sample_weight`` (rounded half up), zigzag: 0, -1, 1, -2 are 0 to 3; where ``sample_weight`` is 0 it is the count
itself. In time per round a weight is ``self * unit_ns / meta.rounds``.

Optional sections; one is there if its first column is:

- lines: ``line_step``, ``line_line``, ``line_self``: self weight of a node by executing line, for nodes that
  executed several, or one for a part of their time (else column ``line`` tells it). A step is the difference to
  the row before: nodes stand in order.
- threads: header ``threads`` (names); ``thread_step``, ``thread_group``, ``thread_self``: self weight of a node
  in a thread. Only where more than one thread has weight.
- tasks: header ``tasks``; ``task_step``, ``task_group``, ``task_self``, the same by task.
- time: header ``time`` = {``unit_ns`` of the axis, ``length`` in it, ``bucket`` (the length of each),
  ``buckets`` (how many, at most 4,096), ``lanes`` (thread names), ``rounds`` ([round, start, length] in axis
  units: sampled rounds are laid end to end)}; ``time_count`` (of every lane, one bucket after another: entries
  in the bucket), ``time_node``, ``time_length`` (entries in the order of time within their bucket, one after
  another from its start; in axis units), and where there are tasks ``time_task`` (its number + 1). A bucket
  whose stacks are too many keeps the heaviest and charges the rest to the node that all the rest share, 0 if
  none: weights stay whole.
- spans: header ``span_kinds``, ``span_names``, ``span_sites`` (tables), ``spans_left_out`` (shortest spans
  beyond 20,000); ``span_start``, ``span_duration`` (axis units), ``span_kind``, ``span_name``, ``span_site``
  (indices), ``span_node`` (payload's node, 0 unknown), ``span_parent`` (index + 1), ``span_lane`` (lane + 1),
  ``span_failed``.
- diff: header ``diff`` = {``base_name``, ``new_name``, ``base_rounds``, ``new_rounds``, ``warnings``};
  ``diff_base`` and ``diff_new``: self weights of every node per round, in ``unit_ns``. Node column ``self`` is
  then the larger of the two, so that what vanished has width too, and ``meta.rounds`` is 1. For rounds below 1 s
  ``unit_ns`` is a fraction: functions of a looped round may take less than a nanosecond of one execution.
- source: header ``source`` = [[frame, first line, [lines], reason]…]; no lines where the reason says why not.

Names and texts may be hostile: they enter a page by ``textContent`` or canvas only.

How diff.js, timeline.js and source.js join the page is told in ``static/plugins.js``.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.analysis.pairs import LOOPS, seconds_of
from workbench.calltree import CallTree
from workbench.capture.roles import Role, imports, role_of
from workbench.model import Frame, RoundKind, Run
from workbench.views.columns import Column, packed, unpacked, unzigzag, zigzag
from workbench.views.extras import Extras
from workbench.views.layout import FlameLayout, lay_out
from workbench.views.notes import slowed_note
from workbench.views.packages import Package, package_of, ranked
from workbench.views.sections import (
    Section,
    in_units,
    intern,
    sections,
    self_weights,
    several_lines,
    source_section,
    steps_per_ns,
    weights_of,
)

__all__ = ["Decoded", "FlameMeta", "as_base64", "decode", "encode", "meta_of"]

MAGIC = b"WBF3"
FLAGS = {Role.AWAIT: 1, Role.LOOP: 2, Role.WAIT: 4}
IMPORTS = 8
_MICROSECOND = 1000
_MANY = 100_000  # samples from which their weights are kept to about a hundredth of one


@dataclass(frozen=True, slots=True)
class FlameMeta:
    """What a picture says about its run. ``rounds`` sampled rounds are merged; times shown are means of them.

    Where a round holds many calls of what is measured, ``rounds`` is the number of calls, and ``each`` "call": the
    clock of a comparison is a call's, too.

    ``unit`` is "ns", "bytes" or "count": what weights count, in profiles that other tools have taken. ``link``
    leads to a file: an address with ``{file}`` and ``{line}`` in it (https, vscode or another editor's scheme).
    ``mode`` is the sampler's, as in ``model.Sampler``: py-spy without "idle" leaves out threads that wait. ``told``
    stands above the picture: what a reader has to know of its times.
    """

    run_id: str = ""
    name: str = ""
    sampler: str = ""
    interval_ns: int = 0
    clock: str = "wall"
    rounds: int = 1
    each: str = "round"
    seconds_per_round: float = 0.0
    unit: str = "ns"
    link: str = ""
    mode: str = ""
    told: str = ""


def meta_of(run: Run) -> FlameMeta:
    """The picture's metadata of a stored run."""
    sampled = [r for r in run.rounds if r.kind is RoundKind.SAMPLED]
    walls = seconds_of(run, RoundKind.SAMPLED)
    calls = round(sum(r.measures.get(LOOPS, 1.0) for r in sampled))
    return FlameMeta(
        run_id=run.run_id,
        name=run.name or run.variant,
        sampler=f"{run.sampler.name} {run.sampler.version}".strip(),
        interval_ns=run.sampler.interval_ns,
        clock=run.sampler.clock,
        rounds=max(1, calls),
        each="call" if calls > len(sampled) else "round",
        seconds_per_round=sum(walls) / len(walls) if walls else 0.0,
        mode=run.sampler.mode,
        told=slowed_note(run),
    )


def _unit_ns(weights: npt.NDArray[np.int64]) -> int:
    """The step weights are stored in: their common divisor, else 1 µs in profiles of 1 s and more, else 1 ns.

    With many samples a coarser power of ten, up to a hundredth of the median sample: sums stay exact to a step.
    """
    weights = weights[weights > 0]
    common = int(np.gcd.reduce(weights)) if len(weights) else 1
    if common >= _MICROSECOND:
        return common
    finest = _MICROSECOND if int(weights.sum()) >= 10**9 else 1
    if len(weights) < _MANY:
        return finest
    return max(finest, int(10 ** np.floor(np.log10(max(float(np.median(weights)) / 100, 1.0)))))


def _only_lines(tree: CallTree, several: Column) -> Column:
    """The executing line of each node in ``tree``, 0 where none is known or the section of lines tells it."""
    line = np.zeros(len(tree), dtype=np.int64)
    line[tree.lines.node] = tree.lines.line
    line[several] = 0
    return line


def _expected(self_units: Column, sample_weight: float) -> Column:
    """How many samples a weight is worth; the JavaScript computes the same."""
    if not sample_weight:
        return np.zeros(len(self_units), dtype=np.int64)
    return np.floor(self_units / sample_weight + 0.5).astype(np.int64)


def _child_counts(layout: FlameLayout) -> Column:
    """Children of the artificial root, then of every node."""
    return np.bincount(layout.parent + 1, minlength=len(layout) + 1)


def _with_root(values: Column) -> Column:
    return np.concatenate((np.zeros(1, dtype=np.int64), values))


def _package_weights(files: list[str], file_of_frame: Column, frame: Column, self_ns: Column) -> dict[Package, int]:
    by_file = np.bincount(file_of_frame[frame], weights=self_ns, minlength=len(files))
    weights: dict[Package, int] = {}
    for file, weight in zip(files, by_file.tolist(), strict=True):
        package = package_of(file)
        weights[package] = weights.get(package, 0) + int(weight)
    return weights


def _node_columns(
    tree: CallTree, layout: FlameLayout, frame: Column, unit_ns: int
) -> tuple[dict[str, Column], float]:
    """The columns, and the ``sample_weight`` that goes with them."""
    samples = np.bincount(tree.samples.node, minlength=len(tree))[layout.node]
    self_units = in_units(layout.self_ns, unit_ns)
    count, weight = int(samples.sum()), int(self_units.sum())
    sample_weight = weight / count if count and weight else 0.0
    off = samples - _expected(self_units, sample_weight)
    lines = _only_lines(tree, layout.node[several_lines(tree, layout)])
    return {
        "frame": _with_root(frame + 1),
        "children": _child_counts(layout),
        "self": _with_root(self_units),
        "samples": _with_root(zigzag(off) if sample_weight else off),
        "line": _with_root(lines[layout.node]),
    }, sample_weight


def _frame_columns(frames: list[Frame], file: Column, function: Column) -> dict[str, Column]:
    return {
        "frame_file": file,
        "frame_function": function,
        "frame_line": np.array([f.line for f in frames], dtype=np.int64),
        "frame_flags": np.array([FLAGS.get(role_of(f), 0) | IMPORTS * imports(f) for f in frames], dtype=np.int64),
    }


def encode(
    tree: CallTree,
    meta: FlameMeta | None = None,
    colours: Mapping[Package, str] | None = None,
    extras: Extras | None = None,
) -> bytes:
    """The deflated payload of all nodes with weight; ``colours`` of packages win over the picture's own."""
    extras = extras or Extras()
    layout = lay_out(tree, self_weights(tree, extras.difference))
    steps = steps_per_ns(extras.difference)
    unit_ns = _unit_ns(weights_of(tree, extras))
    used, frame = np.unique(tree.node_frame[layout.node], return_inverse=True)
    frames = [Frame("", "all"), *(tree.frames[i] for i in used.tolist())]
    files, file_of_frame = intern([f.file for f in frames])
    functions, function_of_frame = intern([f.function for f in frames])
    columns, sample_weight = _node_columns(tree, layout, frame, unit_ns)
    columns |= _frame_columns(frames, file_of_frame, function_of_frame)
    weights = _package_weights(files, file_of_frame, columns["frame"], columns["self"])
    packages = [(package, (colours or {}).get(package, own)) for package, own in ranked(weights)]
    number = {package: index for index, (package, _) in enumerate(packages)}
    columns["file_package"] = np.array([number[package_of(f)] for f in files], dtype=np.int64)
    header = {
        "meta": asdict(meta or FlameMeta()),
        "unit_ns": unit_ns if steps == 1 else unit_ns / steps,
        "sample_weight": sample_weight,
        "files": files,
        "functions": functions,
        "packages": [[p.name, p.kind, colour, weights[p]] for p, colour in packages],
    }
    if extras.calls:
        columns["frame_calls"] = np.array([0, *(extras.calls.get(i, 0) for i in used.tolist())], dtype=np.int64)
    frame_number = {int(tree_frame): i + 1 for i, tree_frame in enumerate(used)}
    optional = [*sections(tree, layout, unit_ns, extras), source_section(extras.source, frame_number)]
    return zlib.compress(_joined(header, columns, optional), level=6)


def _joined(header: dict[str, Any], columns: dict[str, Column], optional: list[Section]) -> bytes:
    for section in optional:
        header |= section.header
        columns |= section.columns
    return _assemble(header, columns)


def _assemble(header: Mapping[str, Any], columns: Mapping[str, Column]) -> bytes:
    body, table = bytearray(), []
    for name, values in columns.items():
        code, content = packed(values)
        table.append([name, code, len(body), len(values)])
        body += content
        body += bytes(-len(body) % 8)
    text = json.dumps({**header, "columns": table}, separators=(",", ":")).encode("ascii")
    head = MAGIC + struct.pack("<I", len(text)) + text
    return head + bytes(-len(head) % 8) + bytes(body)


def as_base64(payload: bytes) -> str:
    """The payload as text that is safe anywhere in HTML."""
    return base64.b64encode(payload).decode("ascii")


def _counts(columns: Mapping[str, Column], sample_weight: float) -> Column:
    """Samples of each node without the artificial root."""
    kept = columns["samples"][1:]
    return unzigzag(kept) + _expected(columns["self"][1:], sample_weight) if sample_weight else kept


def _heaviest_lines(columns: Mapping[str, Column]) -> Column:
    """The executing line with most self time of each node, 0 where none is known."""
    line = columns["line"].astype(np.int64)
    if "line_step" in columns:
        order = np.argsort(columns["line_self"], kind="stable")
        line[np.cumsum(columns["line_step"])[order]] = columns["line_line"][order]  # the heaviest is written last
    return line


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A payload read back; node columns without the artificial root, weights in ns, ``line`` the heaviest.

    ``columns`` are as they stand in the payload.
    """

    header: dict[str, Any]
    frames: tuple[Frame, ...]
    frame: Column
    parent: Column
    self_ns: Column
    samples: Column
    line: Column
    columns: Mapping[str, Column]

    @property
    def meta(self) -> FlameMeta:
        return FlameMeta(**self.header["meta"])


def decode(payload: bytes | str) -> Decoded:
    """The inverse of ``encode`` (or of ``as_base64`` of it), as the JavaScript does it."""
    raw = zlib.decompress(base64.b64decode(payload) if isinstance(payload, str) else payload)
    if raw[:4] != MAGIC:
        raise ValueError("not a flame graph payload")
    (length,) = struct.unpack_from("<I", raw, 4)
    header = json.loads(raw[8 : 8 + length])
    start = 8 + length + -(8 + length) % 8
    columns = {name: unpacked(raw, code, start + offset, count) for name, code, offset, count in header["columns"]}
    parts = zip(columns["frame_file"], columns["frame_function"], columns["frame_line"], strict=True)
    frames = tuple(Frame(header["files"][f], header["functions"][g], int(line)) for f, g, line in parts)
    parent = np.repeat(np.arange(len(columns["children"])), columns["children"]) - 1
    return Decoded(
        header=header,
        frames=frames,
        frame=columns["frame"][1:],
        parent=parent,
        self_ns=columns["self"][1:].astype(np.int64) * header["unit_ns"],
        samples=_counts(columns, float(header["sample_weight"])),
        line=_heaviest_lines(columns)[1:],
        columns=columns,
    )
