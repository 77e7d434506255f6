"""``workbench scenarios`` and ``workbench run``: the case studies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from workbench.cli.azure import azure_options, take_azure_options
from workbench.cli.output import print_json, print_table, store_option, store_words
from workbench.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from workbench.scenarios.base import Settings

__all__ = ["run_command", "scenario_options", "scenarios_command", "settings_of"]

SAMPLERS = ("pyinstrument", "py-spy", "none")


@click.command("scenarios")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def scenarios_command(as_json: bool) -> None:
    """List the case studies and their variants, and what each changes."""
    from workbench.scenarios import registry

    scenarios, missing = [], []
    for name in registry.names():
        try:
            scenarios.append(registry.get(name))
        except MissingExtra as error:
            missing.append((name, str(error)))
    if as_json:
        print_json(
            [
                {
                    "name": s.name,
                    "title": s.title,
                    "baseline": s.baseline,
                    "best": s.best,
                    "variants": [{"name": v.name, "summary": v.summary, "source": v.source} for v in s.variants],
                }
                for s in scenarios
            ]
            + [{"name": name, "needs": needs} for name, needs in missing]
        )
        return
    for scenario in scenarios:
        rows = [(v.name, v.summary, v.source) for v in scenario.variants]
        print_table(("variant", "what changed", "source"), rows, title=f"{scenario.name}: {scenario.title}")
    for name, needs in missing:
        click.echo(f"{name}: {needs}")


def scenario_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what a scenario is measured on."""
    for option in (
        click.option(
            "-O",
            "--option",
            "options",
            multiple=True,
            metavar="KEY=VALUE",
            help="One of the scenario's own; a wrong KEY lists them. Repeatable.",
        ),
        click.option("--resources", type=int, help="Root resources, instead of a scale's."),
        click.option("--seed", type=int, default=1, show_default=True, help="Seed of the synthetic data."),
        click.option("--link", default="cloud", show_default=True, help="none, lan, cloud, wan or rtt=…,jitter=…"),
        click.option("--scale", default="small", show_default=True, help="small, medium or large."),
    ):
        command = option(command)
    return command


def require_scenario(*targets: str) -> None:
    """Raise ``UsageError`` where an option says what a scenario is measured on, and no target is one's variant."""
    if any(":" in target and ".py" not in target for target in targets):
        return
    context = click.get_current_context()
    for name in ("scale", "link", "seed", "resources", "options"):
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise UsageError(
                f"--{name.removesuffix('s') if name == 'options' else name} is of scenarios: "
                f"{' and '.join(dict.fromkeys(filter(None, targets))) or 'no target'} has none"
            )


def settings_of(scale: str, link: str, seed: int, resources: int | None, options: tuple[str, ...]) -> Settings:
    """Settings from a command's options. Raises ``UsageError`` for an option that is not KEY=VALUE."""
    from workbench.scenarios.base import Settings

    pairs = [option.partition("=") for option in options]
    for option, (key, equals, _) in zip(options, pairs, strict=True):
        if not (key and equals):
            raise UsageError(f"--option takes KEY=VALUE, not {option!r}")
    return Settings(
        scale=scale, seed=seed, link=link, resources=resources, options={key: value for key, _, value in pairs}
    )


@click.command("run")
@store_option
@click.argument("scenario")
@click.option("--variants", help="Comma-separated; all of them if not given.")
@scenario_options
@azure_options
@click.option("--rounds", type=int, default=3, show_default=True, help="Timing rounds of each variant.")
@click.option(
    "--sampler", type=click.Choice(SAMPLERS), default="pyinstrument", show_default=True, help="Takes the stacks."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def run_command(
    store_path: Path | None,
    scenario: str,
    variants: str | None,
    rounds: int,
    sampler: str,
    as_json: bool,
    **chosen: Any,
) -> int:
    """Measure the variants of SCENARIO interleaved, profile each, and keep all of it.

    \b
    workbench run jamf
    workbench run jamf --variants naive,optimized --link wan --rounds 5
    workbench run azure --resources 60 -O error_rate=0.05
    """
    from workbench.capture.samplers import SamplerSpec
    from workbench.cli.ladder import print_session, session_document
    from workbench.errors import INTERRUPTED
    from workbench.experiment.progress import progress_bar
    from workbench.experiment.session import Plan, measure
    from workbench.scenarios import registry
    from workbench.store import Store

    found = registry.get(scenario)
    batched = take_azure_options(scenario, chosen)
    names = [name.strip() for name in variants.split(",") if name.strip()] if variants else list(batched)
    plan = Plan(rounds=rounds, sampler=SamplerSpec.chosen(sampler))
    store = Store(store_path)
    with progress_bar(scenario) as progress:
        measured = measure(found, settings_of(**chosen), variants=names, plan=plan, store=store, progress=progress)
    if as_json:
        print_json(session_document(found, measured))
    else:
        print_session(found, measured)
        click.echo(f"look at it: workbench report {measured.session.session_id} -o report.html{store_words()}")
    return INTERRUPTED if measured.interrupted else 0
