"""Schema version 3: tasks, what frames stand for, and digests of the functions' sources."""

from __future__ import annotations

from workbench.capture.roles import PATTERNS
from workbench.store._ddl import quoted, table, view

__all__ = ["STATEMENTS"]

_TASKS = table(
    "tasks",
    "Tasks of event loops that ran or waited while the run was sampled.",
    """
    run_id VARCHAR NOT NULL | the run
    task INTEGER NOT NULL | run-local number
    name VARCHAR NOT NULL | the name that the program gave it, else its coroutine's, numbered if there are several
    """,
)

_SOURCES = table(
    "sources",
    "Where functions with time on their lines stood when they were recorded, and what they said; never the text.",
    """
    run_id VARCHAR NOT NULL | the run
    number INTEGER NOT NULL | position in the run
    frame_id UBIGINT NOT NULL | the function; several rows where one name has several bodies, such as lambdas
    first_line INTEGER NOT NULL | first line, decorators included
    last_line INTEGER NOT NULL | last line
    digest VARCHAR NOT NULL | BLAKE2b-64 of these lines, 16 hex digits
    """,
)

_ROLE = " ".join(
    f"WHEN regexp_full_match(file, {quoted(file)}) AND regexp_full_match(function, {quoted(function)}) "
    f"THEN {quoted(role)}"
    for role, file, function in PATTERNS
)

_COLUMNS = (
    "ALTER TABLE samples ADD COLUMN task INTEGER DEFAULT -1",
    "COMMENT ON COLUMN samples.task IS 'run-local number of the task that ran or waited, -1 for none'",
    "ALTER TABLE frames ADD COLUMN role VARCHAR DEFAULT ''",
    "COMMENT ON COLUMN frames.role IS 'await, wait (a thread waits), loop (the event loop''s own) or empty'",
    f"UPDATE frames SET role = CASE {_ROLE} ELSE '' END",
)

_SAMPLES = (
    "DROP VIEW v_samples",
    *view(
        "v_samples",
        "Samples with their times, and what their thread or task did.",
        """
        run_id | the run
        number | position in the recording
        round | the round
        thread | run-local thread number
        thread_name | its name
        task | run-local task number, -1 for none
        task_name | its name, NULL for none
        state | running, awaiting (a task) or waiting (a thread)
        node | run-local node number of the leaf
        time_ns | end of the sample's interval since the start of its round
        weight_ns | nanoseconds that the sample stands for
        """,
        """
        SELECT r.run_id, s.number, s.round, s.thread, t.name, s.task, k.name,
            CASE WHEN f.role = 'await' THEN 'awaiting'
                WHEN f.role = 'wait' AND (r.sampler <> 'py-spy' OR contains(',' || r.mode || ',', ',idle,'))
                THEN 'waiting' ELSE 'running' END,
            s.node,
            CAST(sum(s.gap_ns + s.weight_ns) OVER (
                PARTITION BY s.run_key, s.round, s.thread ORDER BY s.number) AS BIGINT),
            s.weight_ns
        FROM samples s
        JOIN runs r ON r.run_key = s.run_key
        JOIN run_nodes n ON n.run_key = s.run_key AND n.number = s.node
        JOIN nodes c ON c.node_id = n.node_id
        JOIN frames f ON f.frame_id = c.frame_id
        LEFT JOIN threads t ON t.run_id = r.run_id AND t.thread = s.thread
        LEFT JOIN tasks k ON k.run_id = r.run_id AND k.task = s.task
        """,
    ),
)

_STATES = view(
    "v_states",
    "How long each thread or task ran, awaited and waited.",
    """
    run_id | the run
    thread | name of the thread
    task | name of the task, NULL for none
    state | running, awaiting (a task) or waiting (a thread)
    samples | how many
    seconds | seconds
    """,
    """
    SELECT run_id, thread_name, task_name, state, count(*), sum(weight_ns) / 1e9
    FROM v_samples GROUP BY run_id, thread_name, task_name, state
    """,
)

STATEMENTS: tuple[str, ...] = (*_TASKS, *_SOURCES, *_COLUMNS, *_SAMPLES, *_STATES)
