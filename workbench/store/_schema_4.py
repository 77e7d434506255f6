"""Schema version 4: how often a round called its body, and the time of one call."""

from __future__ import annotations

from workbench.store._ddl import view

__all__ = ["STATEMENTS"]

_RUNS = (
    "DROP VIEW v_runs",
    *view(
        "v_runs",
        "Runs with their session and environment.",
        """
        run_id | the run
        session_id | its session
        kind | the session's kind
        scenario | the case study
        variant | the implementation
        name | what a person calls it
        status | ok, failed or interrupted
        started_at | UTC
        duration_s | seconds
        rounds | number of rounds
        wall_median_s | median wall time of one call in the completed timing rounds, seconds
        sampler | what took the stacks
        interval_ms | sampling interval
        link | the session's link parameter
        scale | the session's scale parameter
        commit | Git commit
        branch | Git branch
        dirty | whether the work tree had uncommitted changes
        python | Python version
        machine | digest of the host's identity
        error | exception type and message
        """,
        """
        SELECT r.run_id, r.session_id, s.kind, r.scenario, r.variant, r.name, r.status, r.started_at, r.duration_s,
            coalesce(o.rounds, 0), o.wall_median, r.sampler, r.interval_ns / 1e6, l.value, c.value,
            e.commit, e.branch, e.dirty, e.python, e.machine, r.error
        FROM runs r
        JOIN sessions s ON s.session_id = r.session_id
        LEFT JOIN environments e ON e.environment_id = s.environment_id
        LEFT JOIN parameters l ON l.session_id = r.session_id AND l.run_id = '' AND l.name = 'link'
        LEFT JOIN parameters c ON c.session_id = r.session_id AND c.run_id = '' AND c.name = 'scale'
        LEFT JOIN (
            SELECT o.run_id, count(*) AS rounds,
                median(m.value / coalesce(l.value, 1)) FILTER (o.kind = 'timing' AND o.status = 'ok') AS wall_median
            FROM rounds o
            LEFT JOIN measures m ON m.run_id = o.run_id AND m.round = o.round AND m.name = 'wall'
            LEFT JOIN measures l ON l.run_id = o.run_id AND l.round = o.round AND l.name = 'loops'
            GROUP BY o.run_id
        ) o ON o.run_id = r.run_id
        """,
    ),
)

_ROUNDS = (
    "DROP VIEW v_rounds",
    *view(
        "v_rounds",
        "Rounds with the standard measures as columns.",
        """
        run_id | the run
        scenario | the case study
        variant | the implementation
        round | index within the run
        kind | warmup, timing or sampled
        position | place in the session's interleaving
        status | ok, failed or interrupted
        started_at | UTC
        wall_s | wall time of the round, seconds
        cpu_s | CPU time of the process, seconds
        loops | how often the round called the body: short functions are called many times
        call_wall_s | wall time of one call: wall_s / loops
        call_cpu_s | CPU time of one call: cpu_s / loops
        peak_rss_bytes | peak resident memory
        requests | HTTP requests, retries included
        connects | TCP connections opened
        tls_handshakes | TLS handshakes
        throttled | answers with status 429
        errors | spans that ended with an error
        bytes_sent | bytes
        bytes_received | bytes
        error | exception type and message
        """,
        """
        SELECT o.run_id, any_value(r.scenario), any_value(r.variant), o.round, any_value(o.kind),
            any_value(o.position), any_value(o.status), any_value(o.started_at),
            max(m.value) FILTER (m.name = 'wall'), max(m.value) FILTER (m.name = 'cpu'),
            coalesce(max(m.value) FILTER (m.name = 'loops'), 1) AS loops,
            max(m.value) FILTER (m.name = 'wall') / loops, max(m.value) FILTER (m.name = 'cpu') / loops,
            max(m.value) FILTER (m.name = 'peak_rss'), max(m.value) FILTER (m.name = 'requests'),
            max(m.value) FILTER (m.name = 'connects'), max(m.value) FILTER (m.name = 'tls_handshakes'),
            max(m.value) FILTER (m.name = 'throttled'), max(m.value) FILTER (m.name = 'errors'),
            max(m.value) FILTER (m.name = 'bytes_sent'), max(m.value) FILTER (m.name = 'bytes_received'),
            any_value(o.error)
        FROM rounds o
        JOIN runs r ON r.run_id = o.run_id
        LEFT JOIN measures m ON m.run_id = o.run_id AND m.round = o.round
        GROUP BY o.run_id, o.round
        """,
    ),
)

STATEMENTS: tuple[str, ...] = (*_RUNS, *_ROUNDS)
