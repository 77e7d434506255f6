"""Schema version 2: how servers carried statements out, kept with the run that issued them."""

from __future__ import annotations

from workbench.store._ddl import table, view

__all__ = ["STATEMENTS"]

_PLANS = table(
    "plans",
    "How a server carried out each distinct statement of a run, taken outside the clock.",
    """
    run_id VARCHAR NOT NULL | the run
    number INTEGER NOT NULL | position in the run
    engine VARCHAR NOT NULL | postgresql or neo4j
    statement VARCHAR NOT NULL | the statement without literals
    operators VARCHAR NOT NULL | JSON list of [depth, operator, detail, {measure: value}] from the root
    document VARCHAR NOT NULL | the server's own answer as JSON without literals, empty if it gives none
    measures VARCHAR NOT NULL | JSON object: totals of the statement
    """,
)

_OPERATORS = view(
    "v_plan_operators",
    "Every operator of every plan, from the root.",
    """
    run_id | the run
    scenario | the case study
    variant | the implementation
    plan | position of the plan in the run
    position | position of the operator in the plan
    depth | operators above it
    operator | such as Index Scan
    detail | table, index and condition, without literals
    rows | rows that it returned, all loops together
    measures | JSON object: all its measures
    """,
    """
    SELECT o.run_id, r.scenario, r.variant, o.number, o.position, CAST(o.item->>'$[0]' AS INTEGER),
        o.item->>'$[1]', o.item->>'$[2]', CAST(o.item->>'$[3].rows' AS DOUBLE), CAST(o.item->'$[3]' AS VARCHAR)
    FROM (
        SELECT run_id, number, generate_subscripts(items, 1) - 1 AS position, unnest(items) AS item
        FROM (SELECT run_id, number, CAST(CAST(operators AS JSON) AS JSON[]) AS items FROM plans)
    ) o
    JOIN runs r ON r.run_id = o.run_id
    """,
)

_STATEMENT_PLANS = view(
    "v_plans",
    "Plans with the run's variant; the operators as indented lines.",
    """
    run_id | the run
    scenario | the case study
    variant | the implementation
    plan | position in the run
    engine | postgresql or neo4j
    statement | the statement without literals
    operators | one operator a line, indented by depth
    measures | JSON object: totals of the statement
    document | the server's own answer as JSON, empty if it gives none
    """,
    """
    SELECT p.run_id, r.scenario, r.variant, p.number, p.engine, p.statement, coalesce(o.lines, ''), p.measures,
        p.document
    FROM plans p
    JOIN runs r ON r.run_id = p.run_id
    LEFT JOIN (
        SELECT run_id, plan, string_agg(repeat('  ', depth) || operator || rtrim(' ' || detail), chr(10)
            ORDER BY position) AS lines
        FROM v_plan_operators GROUP BY run_id, plan
    ) o ON o.run_id = p.run_id AND o.plan = p.number
    """,
)

STATEMENTS: tuple[str, ...] = (*_PLANS, *_OPERATORS, *_STATEMENT_PLANS)
