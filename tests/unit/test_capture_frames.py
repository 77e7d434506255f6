"""From code objects to frames, with our own taken out."""

from __future__ import annotations

import sys
from types import FrameType

from workbench.capture.frames import AWAIT, AWAIT_MARK, INSTRUMENTATION, StackTable, instrumentation, resumes
from workbench.model import Frame

HERE = "tests/unit/test_capture_frames.py"


def here() -> FrameType:
    return sys._getframe(1)


def leaf() -> FrameType:
    return here()


@instrumentation
def wrapper(then: object = None) -> FrameType:
    return helper(then)


def helper(then: object) -> FrameType:
    return then() if callable(then) else here()


@resumes
def resume() -> FrameType:
    return leaf()


def names(frames: tuple[Frame, ...]) -> list[str]:
    return [frame.function for frame in frames]


def test_a_stack_begins_at_the_function_that_began_the_recording() -> None:
    table = StackTable()
    start = table.key_of(sys._getframe())
    stack = table.stack(table.key_of(leaf()), start)
    assert stack == (
        Frame(HERE, "test_a_stack_begins_at_the_function_that_began_the_recording"),
        Frame(HERE, "leaf"),
    )


def test_a_stack_of_another_branch_loses_only_what_is_shared() -> None:
    table = StackTable()

    def elsewhere() -> FrameType:
        return here()

    start = table.key_of(leaf())
    assert names(table.stack(table.key_of(elsewhere()), start)) == [elsewhere.__qualname__]


def test_wrappers_are_skipped_with_what_they_call_until_the_operation_resumes() -> None:
    table = StackTable()
    start = table.key_of(sys._getframe())
    stack = table.stack(table.key_of(wrapper(resume)), start)
    assert names(stack)[1:] == ["leaf"]


def test_time_in_a_wrapper_is_the_cost_of_recording() -> None:
    table = StackTable()
    start = table.key_of(sys._getframe())
    key = table.key_of(wrapper())
    assert table.stack(key, start)[1:] == (INSTRUMENTATION,)
    assert table.stack(key, start, caller=True)[1:] == ()


def test_pyinstruments_notation_finds_the_qualified_name() -> None:
    table = StackTable()
    code = names.__code__
    text = f"names\x00{code.co_filename}\x00{code.co_firstlineno}\x01cC\x01l7"
    assert table.stack((text, AWAIT_MARK)) == (Frame(HERE, "names"), AWAIT)
    assert table.stack(("sleep\x00<built-in>\x000",)) == (Frame("<built-in>", "sleep"),)


def test_without_source_the_definition_line_tells_namesakes_apart() -> None:
    table = StackTable()
    assert table.stack(("f\x00/nowhere/x.py\x003",))[0].line == 3
    assert table.stack(("f\x00/nowhere/x.py\x003",)) != table.stack(("f\x00/nowhere/x.py\x009",))


def test_the_site_is_the_nearest_line_of_the_users_own() -> None:
    table = StackTable()
    frame = sys._getframe()
    _, site = table.key_and_site(frame)
    assert site.startswith(f"{HERE}:")
    assert table.key_and_site(None) == ((), "")


def test_a_walk_up_the_stack_ends_where_the_recording_began() -> None:
    table, start = StackTable(), sys._getframe()
    stem = table.key_of(start)

    def at(depth: int) -> None:
        if depth:
            at(depth - 1)
        frame = sys._getframe()
        told = [table.key_and_site(frame, *known) for known in ((), (start, stem), (start, (7,)))]
        (whole, site), (same, _), (cut, _) = told
        assert {other for _, other in told} == {site}
        assert (same, cut) == (whole, (7, *whole[len(stem) :])), "what is above isn't looked at"

    for depth in range(4):  # two frames are taken at a time
        at(depth)
    assert table.key_and_site(start, start, (7,))[0] == (7,)
