"""``workbench runs``, ``show``, ``tag``, ``untag``, ``rename`` and ``delete``: what the store holds."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.output import print_json, print_table, store_option
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.model import Run
    from workbench.store import Store

__all__ = ["delete_command", "rename_command", "runs_command", "show_command", "tag_command", "untag_command"]


_KNOWN = 10  # values named where none was found


def _store(path: Path | None) -> Store:
    from workbench.store import Store

    return Store(path)


def run_json(run: Run, commit: str = "", *, dirty: bool = False) -> dict[str, Any]:
    """A run as the interface contract has it."""
    return {
        "run_id": run.run_id,
        "session_id": run.session_id,
        "scenario": run.scenario,
        "variant": run.variant,
        "name": run.name,
        "status": run.status,
        "started_at": run.started_at,
        "commit": commit,
        "dirty": dirty,
        "tags": list(run.tags),
    }


@click.command("runs")
@store_option
@click.option("--scenario", help="Only this scenario's runs.")
@click.option("--name", help="Only runs with this text in their name.")
@click.option("--tag", help="Only runs with this tag.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def runs_command(
    store_path: Path | None, scenario: str | None, name: str | None, tag: str | None, limit: int, as_json: bool
) -> None:
    """List the runs, newest first.

    \b
    workbench runs --limit 10
    workbench runs --scenario jamf --json
    workbench runs --name listing --tag before

    Wall is the median time of one call in the timing rounds, of the sampled ones where a run has no others.
    """
    from workbench.analysis.names import commit_of, display_name

    store = _store(store_path)
    runs = store.runs(scenario=scenario, name=name, tag=tag, limit=limit)
    sessions = {s.session_id: s for s in store.sessions()}
    commits = {run.run_id: commit_of(run, sessions[run.session_id]) for run in runs if run.session_id in sessions}
    if as_json:
        states = [(run, *commits.get(run.run_id, ("", False))) for run in runs]
        print_json([run_json(run, commit, dirty=dirty) for run, commit, dirty in states])
        return
    if not runs:
        asked = {"scenario": scenario, "name": name, "tag": tag}
        click.echo(_none_of(store, {what: value for what, value in asked.items() if value is not None}))
        return
    from workbench.views.numbers import format_seconds

    rows = [
        (
            run.run_id,
            display_name(run),
            run.status,
            len(run.rounds),
            format_seconds(_headline(run)),
            run.sampler.name,
            f"{run.started_at:%Y-%m-%d %H:%M:%S}",
            _commit_text(*commits.get(run.run_id, ("", False))),
            " ".join(run.tags),
        )
        for run in runs
    ]
    print_table(
        ("run", "name", "status", "rounds", "wall", "sampler", "started (UTC)", "commit", "tags"),
        rows,
        right="lllrr",
    )


def _none_of(store: Store, asked: dict[str, str]) -> str:
    """Why there is nothing to list, and what there is."""
    runs = store.runs() if asked else []
    if not runs:
        return "no runs yet: `workbench profile -- script.py` or `workbench run jamf` records some"
    told = f"none of {len(runs)} run{'s' if len(runs) > 1 else ''} has " + " and ".join(
        f"{what} {value!r}" for what, value in asked.items()
    )
    known = {
        "scenario": sorted({run.scenario for run in runs if run.scenario}),
        "tag": sorted({tag for run in runs for tag in run.tags}),
    }
    there = [f"{what}s: {', '.join(values[:_KNOWN])}" for what, values in known.items() if what in asked and values]
    return "; ".join([told, *there])


def _commit_text(commit: str, dirty: bool) -> str:
    return f"{commit[:10]}{' (dirty)' if dirty else ''}" if commit else ""


def _headline(run: Run) -> float:
    """Seconds of one execution of the body, whatever number of them a round holds."""
    from workbench.analysis.pairs import seconds

    walls = seconds(run)[1]
    return statistics.median(walls) if walls else run.duration_s


@click.command("show")
@store_option
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--top", type=click.IntRange(min=1), default=15, show_default=True, help="Functions to list.")
@click.option("--rounds", "every_round", is_flag=True, help="List every round instead of their median and range.")
@click.option("--tree", "as_tree", is_flag=True, help="Print the call tree.")
@click.option("--all", "everything", is_flag=True, help="With --tree: libraries' inner and light functions too.")
def show_command(
    store_path: Path | None,
    run: str,
    as_json: bool,
    top: int,
    every_round: bool,
    as_tree: bool,
    everything: bool,
) -> None:
    """Show one run: its rounds, I/O and top functions.

    RUN is an id or its unique beginning, `latest`, or `latest~N` for the Nth before it.

    \b
    workbench show latest
    workbench show latest~1 --tree
    workbench show latest --rounds
    workbench show 261123-1015 --json
    """
    from workbench.cli.show import print_run, print_tree, run_document

    if (as_tree and as_json) or (everything and not as_tree):
        raise UsageError("--tree is text and goes without --json; --all goes with --tree")
    store = _store(store_path)
    found = store.run(store.resolve(run))
    session = store.session(found.session_id)
    tree = store.tree(found.run_id)
    if as_tree:
        print_tree(found, tree, everything)
        return
    spans = store.spans(found.run_id)
    plans = store.plans(found.run_id)
    comparisons = [c for c in store.comparisons(session.session_id) if found.run_id in (c.base, c.new)]
    if as_json:
        print_json(run_document(found, session, tree, spans, plans, top, comparisons))
    else:
        print_run(found, session, tree, spans, plans, top, comparisons, every_round=every_round)


@click.command("tag")
@store_option
@click.argument("run")
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
def tag_command(store_path: Path | None, run: str, tags: tuple[str, ...]) -> None:
    """Attach tags to a run: words to find it by.

    \b
    workbench tag latest before slow
    """
    store = _store(store_path)
    run_id = store.resolve(run)
    for tag in tags:
        store.tag(run_id, tag)
    click.echo(f"{run_id}: {' '.join(tags)}")


@click.command("untag")
@store_option
@click.argument("run")
@click.argument("tags", nargs=-1, required=True, metavar="TAG...")
def untag_command(store_path: Path | None, run: str, tags: tuple[str, ...]) -> None:
    """Take tags off a run; all of them or, where it lacks one, none."""
    store = _store(store_path)
    run_id = store.resolve(run)
    known = store.run(run_id).tags
    if missing := [tag for tag in tags if tag not in known]:
        raise UsageError(f"run {run_id} has no tag {missing[0]!r}; its tags: {' '.join(known) or 'none'}")
    for tag in tags:
        store.untag(run_id, tag)
    click.echo(f"{run_id}: {' '.join(store.run(run_id).tags) or 'no tags'}")


@click.command("rename")
@store_option
@click.argument("run")
@click.argument("name")
def rename_command(store_path: Path | None, run: str, name: str) -> None:
    """Give a run another name.

    \b
    workbench rename latest "import, before the index"
    """
    store = _store(store_path)
    run_id = store.resolve(run)
    store.rename(run_id, name)
    click.echo(f"{run_id}: {name}")


@click.command("delete")
@store_option
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-y", "--yes", is_flag=True, help="Don't ask.")
def delete_command(store_path: Path | None, runs: tuple[str, ...], yes: bool) -> None:
    """Delete runs and what only they used, also its bytes in the file.

    \b
    workbench delete latest 261123-1015 --yes

    Asks first where stdin is a terminal; a script is not asked.
    """
    store = _store(store_path)
    run_ids = [store.resolve(run) for run in runs]
    if not yes and _on_terminal() and not click.confirm(f"delete {', '.join(run_ids)}?", err=True):
        click.echo("nothing was deleted")
        return
    store.delete(run_ids)
    click.echo(f"deleted {', '.join(run_ids)}")


def _on_terminal() -> bool:
    return sys.stdin.isatty()
