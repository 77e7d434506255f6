"""Schema version 1: tables, views and the ``folded`` macro; ``docs/schema.md`` is made from the comments.

No primary keys: the writer holds the file alone and checks what it inserts, indexes cost memory at every opening,
and a lake has none. ``Store.verify`` checks uniqueness and references instead.
"""

from __future__ import annotations

from workbench.store._ddl import macro, table, view

__all__ = ["STATEMENTS"]

_TABLES = (
    *table(
        "environments",
        "Where sessions were measured, one row per distinct content.",
        """
        environment_id VARCHAR NOT NULL | BLAKE2b-64 of the content, 16 hex digits
        commit VARCHAR NOT NULL | Git commit, empty if unknown
        dirty BOOLEAN NOT NULL | whether the work tree had uncommitted changes
        branch VARCHAR NOT NULL | Git branch
        python VARCHAR NOT NULL | Python version, such as 3.11.7
        implementation VARCHAR NOT NULL | such as CPython
        os VARCHAR NOT NULL | operating system and its version
        cpu VARCHAR NOT NULL | processor model
        cores INTEGER NOT NULL | logical processors
        memory_bytes BIGINT NOT NULL | physical memory
        machine VARCHAR NOT NULL | digest of the host's identity: equal on the same machine, tells nothing about it
        power VARCHAR NOT NULL | frequency governor or power source, empty if unknown
        workbench VARCHAR NOT NULL | version of the workbench that recorded
        """,
    ),
    *table(
        "packages",
        "Installed packages of an environment.",
        """
        environment_id VARCHAR NOT NULL | the environment
        name VARCHAR NOT NULL | distribution name
        version VARCHAR NOT NULL | its version
        """,
    ),
    *table(
        "sessions",
        "One sitting, in which variants are measured interleaved.",
        """
        session_id VARCHAR NOT NULL | YYMMDD-HHMMSS-xxxxxxxx, UTC, sortable
        kind VARCHAR NOT NULL | scenario, compare, block, script, attach or import
        scenario VARCHAR NOT NULL | the case study, empty for the user's own code
        started_at TIMESTAMP NOT NULL | UTC
        environment_id VARCHAR NOT NULL | where it was measured
        """,
    ),
    *table(
        "runs",
        "One variant in one session, or one block or program of the user.",
        """
        run_id VARCHAR NOT NULL | YYMMDD-HHMMSS-xxxxxxxx, UTC, sortable
        run_key BIGINT NOT NULL | the run in the bulk tables: start second × 2^32 + 32-bit hash of run_id
        session_id VARCHAR NOT NULL | the session it belongs to
        name VARCHAR NOT NULL | what a person calls it
        scenario VARCHAR NOT NULL | the case study, empty for the user's own code
        variant VARCHAR NOT NULL | the implementation within the scenario
        status VARCHAR NOT NULL | ok, failed or interrupted
        error VARCHAR NOT NULL | exception type and redacted message, empty if ok
        started_at TIMESTAMP NOT NULL | UTC
        duration_s DOUBLE NOT NULL | seconds from the first round's start to the last one's end
        sampler VARCHAR NOT NULL | pyinstrument, py-spy or none
        sampler_version VARCHAR NOT NULL | its version
        interval_ns BIGINT NOT NULL | sampling interval, 0 without a sampler
        clock VARCHAR NOT NULL | wall or gil
        mode VARCHAR NOT NULL | the sampler's options, joined by commas
        """,
    ),
    *table(
        "parameters",
        "What was chosen for a session (run_id empty) or for one run.",
        """
        session_id VARCHAR NOT NULL | the session
        run_id VARCHAR NOT NULL | the run, or empty for what holds for the whole session
        name VARCHAR NOT NULL | such as link, scale, seed, dataset_digest
        value VARCHAR NOT NULL | the value as text
        type VARCHAR NOT NULL | str, int, float, bool or none
        """,
    ),
    *table(
        "tags",
        "Labels that a person gave to a run.",
        """
        run_id VARCHAR NOT NULL | the run
        tag VARCHAR NOT NULL | the label
        """,
    ),
    *table(
        "rounds",
        "One repetition of a run's workload.",
        """
        run_id VARCHAR NOT NULL | the run
        round INTEGER NOT NULL | index within the run
        kind VARCHAR NOT NULL | warmup, timing or sampled
        position INTEGER NOT NULL | place in the session's interleaving
        started_at TIMESTAMP NOT NULL | UTC
        status VARCHAR NOT NULL | ok, failed or interrupted
        error VARCHAR NOT NULL | exception type and redacted message, empty if ok
        """,
    ),
    *table(
        "measures",
        "Numbers measured in a round.",
        """
        run_id VARCHAR NOT NULL | the run
        round INTEGER NOT NULL | the round
        name VARCHAR NOT NULL | such as wall, cpu, peak_rss, requests
        value DOUBLE | NULL if not a number
        unit VARCHAR NOT NULL | s, bytes, count, or empty if the scenario gives none
        """,
    ),
    *table(
        "frames",
        "Functions, shared by all runs; the identity is file, function and line.",
        """
        frame_id UBIGINT NOT NULL | BLAKE2b-64 of file, function and line
        file VARCHAR NOT NULL | checkout-independent file name
        function VARCHAR NOT NULL | qualified name
        line INTEGER NOT NULL | definition line where the qualified name is not known, else 0
        """,
    ),
    *table(
        "nodes",
        "Functions in the context of their callers, shared by all runs: equal stacks have equal node_ids.",
        """
        node_id UBIGINT NOT NULL | BLAKE2b-64 of parent_id and frame_id
        parent_id UBIGINT NOT NULL | the caller's node_id, 0 for a root
        frame_id UBIGINT NOT NULL | the function
        """,
    ),
    *table(
        "run_nodes",
        "The nodes of a run's call tree under their run-local numbers, with their times.",
        """
        run_key BIGINT NOT NULL | the run
        number INTEGER NOT NULL | 0 to n-1, a parent before its children; samples, lines and spans refer to it
        parent INTEGER NOT NULL | run-local number of the caller, -1 for a root
        node_id UBIGINT NOT NULL | the node
        depth INTEGER NOT NULL | callers above it
        recursive BOOLEAN NOT NULL | whether the same function stands above it in this stack
        samples INTEGER NOT NULL | samples that end in it
        self_ns BIGINT NOT NULL | time in the node itself, nanoseconds
        total_ns BIGINT NOT NULL | time in it and all below it, nanoseconds
        """,
    ),
    *table(
        "line_weights",
        "Self time by executing line.",
        """
        run_key BIGINT NOT NULL | the run
        number INTEGER NOT NULL | position in the recording
        node INTEGER NOT NULL | run-local node number
        line INTEGER NOT NULL | executing line
        weight_ns BIGINT NOT NULL | nanoseconds
        """,
    ),
    *table(
        "threads",
        "Threads that were sampled.",
        """
        run_id VARCHAR NOT NULL | the run
        thread INTEGER NOT NULL | run-local number
        name VARCHAR NOT NULL | thread name
        """,
    ),
    *table(
        "samples",
        "Stack samples in recorded order. Times are kept as gap and weight, which are mostly constant and so take "
        "nearly no space; v_samples has the times.",
        """
        run_key BIGINT NOT NULL | the run
        number INTEGER NOT NULL | position in the recording
        round INTEGER NOT NULL | the round
        thread INTEGER NOT NULL | run-local thread number
        node INTEGER NOT NULL | run-local node number of the leaf
        gap_ns BIGINT NOT NULL | from the end of the thread's previous sample in the round, or its start
        weight_ns BIGINT NOT NULL | nanoseconds that the sample stands for
        """,
    ),
    *table(
        "spans",
        "I/O operations: requests, connects, handshakes, statements, cache calls, pool waits.",
        """
        run_id VARCHAR NOT NULL | the run
        number INTEGER NOT NULL | run-local number
        parent INTEGER NOT NULL | number of the enclosing span, -1 for none
        round INTEGER NOT NULL | the round
        kind VARCHAR NOT NULL | http, connect, tls, sql, cypher, cache, pool-wait, …
        name VARCHAR NOT NULL | redacted name
        start_ns BIGINT NOT NULL | since the start of the round
        duration_ns BIGINT NOT NULL | nanoseconds
        status VARCHAR NOT NULL | ok or error
        thread INTEGER NOT NULL | run-local thread number
        node INTEGER NOT NULL | run-local number of the calling stack, -1 if unknown
        site VARCHAR NOT NULL | file:line of the nearest frame of the user's own code
        bytes_sent BIGINT NOT NULL | bytes
        bytes_received BIGINT NOT NULL | bytes
        trace_id VARCHAR NOT NULL | 32 hex digits, joins a client's span to the server's
        otel_span_id VARCHAR NOT NULL | 16 hex digits
        attributes VARCHAR NOT NULL | JSON object, redacted; read with attributes->>'$.name'
        """,
    ),
    *table(
        "comparisons",
        "Verdicts of base against new, the latest for each pair of runs in a session.",
        """
        session_id VARCHAR NOT NULL | the session it was measured in
        base VARCHAR NOT NULL | run_id
        new VARCHAR NOT NULL | run_id
        created_at TIMESTAMP NOT NULL | UTC
        verdict VARCHAR NOT NULL | REGRESSION, PASS, IMPROVEMENT or INCONCLUSIVE
        ratio DOUBLE | new / base, NULL without a pair
        ci_low DOUBLE | lower end of the interval of the ratio, of the level that `sentence` states
        ci_high DOUBLE | upper end
        pairs INTEGER NOT NULL | pairs of rounds
        seconds DOUBLE | new − base in seconds
        comparable BOOLEAN NOT NULL | whether nothing that matters differs
        advisory BOOLEAN NOT NULL | whether the runs are of different sessions
        differences VARCHAR NOT NULL | JSON list: what makes them incomparable
        functions VARCHAR NOT NULL | JSON list of [file, function, line, base s, new s, base share, new share]
        counts VARCHAR NOT NULL | JSON object: measure → [base, new]
        sentence VARCHAR NOT NULL | the verdict in words
        """,
    ),
)

_VIEWS = (
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
        wall_median_s | median wall time of completed timing rounds, seconds
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
                median(m.value) FILTER (o.kind = 'timing' AND o.status = 'ok') AS wall_median
            FROM rounds o LEFT JOIN measures m ON m.run_id = o.run_id AND m.round = o.round AND m.name = 'wall'
            GROUP BY o.run_id
        ) o ON o.run_id = r.run_id
        """,
    ),
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
        wall_s | wall time, seconds
        cpu_s | CPU time of the process, seconds
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
    *view(
        "v_measures",
        "Every measure of every round, with what it was measured on.",
        """
        run_id | the run
        session_id | its session
        scenario | the case study
        variant | the implementation
        round | index within the run
        kind | warmup, timing or sampled
        status | status of the round
        name | the measure
        value | its value
        unit | its unit
        """,
        """
        SELECT m.run_id, r.session_id, r.scenario, r.variant, m.round, o.kind, o.status, m.name, m.value, m.unit
        FROM measures m
        JOIN rounds o ON o.run_id = m.run_id AND o.round = m.round
        JOIN runs r ON r.run_id = m.run_id
        """,
    ),
    *view(
        "v_stacks",
        "Every node of every run's call tree. For whole stacks as text see the macro folded.",
        """
        run_id | the run
        number | run-local node number
        parent | number of the caller, -1 for a root
        depth | callers above it
        file | file of the function
        function | qualified name
        line | definition line where the name is not qualified, else 0
        samples | samples that end in it
        self_s | seconds in the node itself
        total_s | seconds in it and below
        recursive | whether the same function stands above it
        node_id | content address of the stack, the same in every run
        """,
        """
        SELECT r.run_id, n.number, n.parent, n.depth, f.file, f.function, f.line, n.samples, n.self_ns / 1e9,
            n.total_ns / 1e9, n.recursive, n.node_id
        FROM run_nodes n
        JOIN runs r ON r.run_key = n.run_key
        JOIN nodes c ON c.node_id = n.node_id
        JOIN frames f ON f.frame_id = c.frame_id
        """,
    ),
    *view(
        "v_functions",
        "Self and total time by run and function; recursion is counted once in the total.",
        """
        run_id | the run
        file | file of the function
        function | qualified name
        line | definition line where the name is not qualified, else 0
        samples | samples that end in it
        self_s | seconds in the function itself
        total_s | seconds in it and below
        self_share | share of the run's sampled time
        total_share | share of the run's sampled time
        stacks | distinct stacks that it stands at the end of
        """,
        """
        SELECT s.run_id, s.file, s.function, s.line, CAST(sum(s.samples) AS BIGINT), sum(s.self_s),
            coalesce(sum(s.total_s) FILTER (NOT s.recursive), 0.0),
            sum(s.self_s) / nullif(any_value(t.sampled_s), 0),
            coalesce(sum(s.total_s) FILTER (NOT s.recursive), 0.0) / nullif(any_value(t.sampled_s), 0), count(*)
        FROM v_stacks s
        JOIN (
            SELECT r.run_id, sum(n.self_ns) / 1e9 AS sampled_s
            FROM run_nodes n JOIN runs r ON r.run_key = n.run_key GROUP BY r.run_id
        ) t ON t.run_id = s.run_id
        GROUP BY s.run_id, s.file, s.function, s.line
        """,
    ),
    *view(
        "v_lines",
        "Self time by run, function and executing line.",
        """
        run_id | the run
        file | file of the function
        function | qualified name
        line | executing line
        self_s | seconds
        """,
        """
        SELECT r.run_id, f.file, f.function, w.line, sum(w.weight_ns) / 1e9
        FROM line_weights w
        JOIN runs r ON r.run_key = w.run_key
        JOIN run_nodes n ON n.run_key = w.run_key AND n.number = w.node
        JOIN nodes c ON c.node_id = n.node_id
        JOIN frames f ON f.frame_id = c.frame_id
        GROUP BY r.run_id, f.file, f.function, w.line
        """,
    ),
    *view(
        "v_samples",
        "Samples with their times.",
        """
        run_id | the run
        number | position in the recording
        round | the round
        thread | run-local thread number
        node | run-local node number of the leaf
        time_ns | end of the sample's interval since the start of its round
        weight_ns | nanoseconds that the sample stands for
        """,
        """
        SELECT r.run_id, s.number, s.round, s.thread, s.node,
            CAST(sum(s.gap_ns + s.weight_ns) OVER (
                PARTITION BY s.run_key, s.round, s.thread ORDER BY s.number) AS BIGINT),
            s.weight_ns
        FROM samples s JOIN runs r ON r.run_key = s.run_key
        """,
    ),
    *view(
        "v_spans",
        "I/O operations with the function that issued them.",
        """
        run_id | the run
        variant | the implementation
        round | the round
        round_kind | warmup, timing or sampled
        number | run-local number
        parent | number of the enclosing span, -1 for none
        kind | http, connect, tls, sql, …
        name | redacted name
        start_s | seconds since the start of the round
        duration_s | seconds
        status | ok or error
        site | file:line in the user's own code
        function | function that issued it, NULL if unknown
        bytes_sent | bytes
        bytes_received | bytes
        attributes | JSON object
        """,
        """
        SELECT s.run_id, r.variant, s.round, o.kind, s.number, s.parent, s.kind, s.name, s.start_ns / 1e9,
            s.duration_ns / 1e9, s.status, s.site, f.function, s.bytes_sent, s.bytes_received, s.attributes
        FROM spans s
        JOIN runs r ON r.run_id = s.run_id
        LEFT JOIN rounds o ON o.run_id = s.run_id AND o.round = s.round
        LEFT JOIN run_nodes n ON n.run_key = r.run_key AND n.number = s.node
        LEFT JOIN nodes c ON c.node_id = n.node_id
        LEFT JOIN frames f ON f.frame_id = c.frame_id
        """,
    ),
    *view(
        "v_span_counts",
        "I/O by run, round, kind and name.",
        """
        run_id | the run
        variant | the implementation
        round | the round
        round_kind | warmup, timing or sampled
        kind | http, connect, tls, sql, …
        name | redacted name
        spans | how many
        errors | how many ended with an error
        total_s | sum of their durations, seconds
        max_s | the longest, seconds
        bytes_sent | bytes
        bytes_received | bytes
        """,
        """
        SELECT s.run_id, any_value(r.variant), s.round, any_value(o.kind), s.kind, s.name, count(*),
            count(*) FILTER (s.status = 'error'), sum(s.duration_ns) / 1e9, max(s.duration_ns) / 1e9,
            CAST(sum(s.bytes_sent) AS BIGINT), CAST(sum(s.bytes_received) AS BIGINT)
        FROM spans s
        JOIN runs r ON r.run_id = s.run_id
        LEFT JOIN rounds o ON o.run_id = s.run_id AND o.round = s.round
        GROUP BY s.run_id, s.round, s.kind, s.name
        """,
    ),
)

_MACROS = macro(
    "folded(run)",
    "Stacks of one run with self time, as text from the root, joined by semicolons: FROM folded('…').",
    """
    WITH RECURSIVE stack AS (
        SELECT number, function AS stack, samples, self_s FROM v_stacks WHERE run_id = run AND parent < 0
        UNION ALL
        SELECT v.number, s.stack || ';' || v.function, v.samples, v.self_s
        FROM stack s JOIN v_stacks v ON v.run_id = run AND v.parent = s.number
    )
    SELECT stack, samples, self_s FROM stack WHERE samples > 0 ORDER BY self_s DESC, stack
    """,
)

STATEMENTS: tuple[str, ...] = (*_TABLES, *_VIEWS, *_MACROS)
