"""Profiles made up for the viewers' benchmark, and the same ones as files of other viewers.

A profile is a walk: each sample returns from some of its callers and calls on, as a program does. So stacks repeat
at their roots and differ at their leaves, boxes get narrower with depth, and the size is the one asked for.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np

from workbench.calltree import CallTree, CallTreeBuilder, Lines, Samples
from workbench.model import Frame

__all__ = ["bare_boxes", "profile_of", "sampled_again", "speedscope_json"]

FUNCTIONS = 5_000
FILES = 400
DEEPEST = 60
MS = 1_000_000


def profile_of(nodes: int, seed: int = 1) -> CallTree:
    """A call tree of exactly that many nodes, each with time in or below it."""
    chance = random.Random(seed)
    builder = CallTreeBuilder()
    builder.thread("MainThread")
    frames = [builder.frame(_frame(number)) for number in range(FUNCTIONS)]
    stack = [builder.child(-1, frames[0])]
    now, made = 0, 1
    while made < nodes:
        keep = max(1, len(stack) - 1 - int(chance.expovariate(0.45)))
        del stack[keep:]
        for _ in range(min(1 + int(chance.expovariate(0.5)), DEEPEST - len(stack), nodes - made)):
            node = builder.child(stack[-1], frames[int(FUNCTIONS * chance.random() ** 2)])
            made = max(made, node + 1)
            stack.append(node)
        weight = round(MS * chance.lognormvariate(0, 1.2))
        now += weight
        builder.sample(time_ns=now, weight_ns=weight, node=stack[-1], line=chance.randrange(1, 900))
    return builder.build()


def _frame(number: int) -> Frame:
    """User code, two dozen libraries and the standard library, under names as long as real ones."""
    file = number * 7919 % FILES
    name = f"{('Reader', 'Client', 'Session', 'Planner', 'Mapper')[number % 5]}.handle_{number}"
    if file % 3 == 0:
        return Frame(f"app/services/part_{file}.py", name)
    if file % 3 == 1:
        return Frame(f"<site>/library_{file % 24}/module_{file}.py", name)
    return Frame(f"<stdlib>/module_{file % 60}.py", name)


def sampled_again(tree: CallTree, samples: int, seed: int = 1) -> CallTree:
    """The same stacks, sampled that many times, each at least once."""
    chance = np.random.default_rng(seed)
    stacks = np.unique(tree.samples.node)
    node = np.concatenate([stacks, chance.choice(stacks, max(0, samples - len(stacks)))]).astype(np.int32)
    chance.shuffle(node)
    weight = np.round(MS * chance.lognormal(0, 0.2, len(node))).astype(np.int64)
    zeros = np.zeros(len(node), dtype=np.int32)
    made = replace(tree, samples=Samples(np.cumsum(weight), weight, node, zeros, zeros))
    return replace(made, lines=_lines_again(tree, made))


def _lines_again(before: CallTree, after: CallTree) -> Lines:
    """Each node's time on its own lines, in the shares that they had: a sampler knows the line of every sample."""
    lines, old, new = before.lines, before.self_ns(), after.self_ns()
    order = np.argsort(lines.node, kind="stable")
    node, line, weight = lines.node[order], lines.line[order], lines.weight_ns[order]
    share = np.floor(weight * (new[node] / np.maximum(old[node], 1))).astype(np.int64)
    last = np.concatenate((node[1:] != node[:-1], [True]))
    missing = new - np.bincount(node, weights=share, minlength=len(new)).astype(np.int64)
    share[last] += missing[node[last]]  # what rounding left over
    return Lines(node, line, share)


def speedscope_json(tree: CallTree, name: str) -> str:
    """The profile in speedscope's own format (type "sampled"), as samplers export it."""
    parents, frames = tree.node_parent.tolist(), tree.node_frame.tolist()
    stacks: list[list[int]] = []
    for parent, frame in zip(parents, frames, strict=True):
        stacks.append([*(stacks[parent] if parent >= 0 else ()), frame])
    weights = tree.samples.weight_ns.tolist()
    profile = {
        "type": "sampled", "name": name, "unit": "nanoseconds", "startValue": 0, "endValue": sum(weights),
        "samples": [stacks[node] for node in tree.samples.node.tolist()], "weights": weights,
    }  # fmt: skip
    shared = {"frames": [{"name": f.function, "file": f.file} for f in tree.frames]}
    schema = "https://www.speedscope.app/file-format-schema.json"
    return json.dumps({"$schema": schema, "shared": shared, "profiles": [profile]}, separators=(",", ":"))


def bare_boxes(tree: CallTree) -> dict[str, np.ndarray]:
    """Every box of the picture: left edge and width as shares of the whole, row, and a colour's number."""
    from workbench.views.layout import lay_out

    layout = lay_out(tree)
    whole = max(layout.whole_ns, 1)
    return {
        "x": (layout.x_ns / whole).astype(np.float32),
        "width": (layout.total_ns / whole).astype(np.float32),
        "row": np.repeat(np.arange(len(layout.levels) - 1), np.diff(layout.levels)).astype(np.uint8),
        "colour": (tree.node_frame[layout.node] % 16).astype(np.uint8),
    }
