"""``workbench dataset``: build and describe the synthetic data."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from workbench.cli.groups import SuggestingGroup
from workbench.cli.output import print_json

__all__ = ["dataset_command"]


@click.group("dataset", cls=SuggestingGroup)
def dataset_command() -> None:
    """Build and describe the case studies' synthetic data."""


def _options(command: click.decorators.FC) -> click.decorators.FC:
    for option in (
        click.option("--resources", type=int, help="How many of what it counts by, instead of a scale's."),
        click.option("--seed", type=int, default=1, show_default=True, help="Of what is drawn."),
        click.option("--scale", default="small", show_default=True, help="small, medium or large."),
        click.option("--dataset", "name", default="jamf", show_default=True, help="Named after its case study."),
    ):
        command = option(command)
    return command


@dataset_command.command("build")
@_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A folder.  [default: data/build/DATASET]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def build_command(
    name: str, scale: str, seed: int, resources: int | None, output: Path | None, as_json: bool
) -> None:
    """Write a synthetic dataset; the same seed gives the same bytes.

    \b
    workbench dataset build --scale large --seed 7
    workbench dataset build --dataset azure --resources 500 -o tenant
    """
    from workbench.dataset import registry

    dataset = registry.get(name)
    folder = output or Path("data/build") / name
    digest = dataset.build(folder, scale=scale, seed=seed, resources=resources)
    count = dataset.scales[scale] if resources is None else resources
    facts = {"dataset": name, "folder": folder, "digest": digest, "seed": seed}
    if as_json:
        print_json({**facts, "scale": scale if resources is None else "custom", "resources": count})
    else:
        click.echo(f"{name} of {count:,} resources in {folder}, digest {digest}")


@dataset_command.command("describe")
@_options
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def describe_command(name: str, scale: str, seed: int, resources: int | None, folder: Path | None) -> None:
    """Describe a written dataset, of whatever name, or the one that the options would build."""
    from workbench.dataset import registry

    if folder:
        click.echo(registry.get(registry.name_of(folder)).describe(folder))
        return
    dataset = registry.get(name)
    with tempfile.TemporaryDirectory() as temporary:
        dataset.build(Path(temporary), scale=scale, seed=seed, resources=resources)
        click.echo(dataset.describe(Path(temporary)))
