"""``workbench dataset``: build and describe the synthetic data."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.output import print_json

__all__ = ["dataset_command"]


@click.group("dataset")
def dataset_command() -> None:
    """Build and describe the case studies' synthetic data."""


def _options(command: click.decorators.FC) -> click.decorators.FC:
    for option in (
        click.option("--resources", type=int, help="Root resources, instead of a scale's (1 to 5,000)."),
        click.option("--seed", type=int, default=1, show_default=True),
        click.option("--scale", default="small", show_default=True, help="small, medium or large."),
    ):
        command = option(command)
    return command


@dataset_command.command("build")
@_options
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("data/build/jamf"), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def build_command(scale: str, seed: int, resources: int | None, output: Path, as_json: bool) -> None:
    """Write the synthetic Jamf estate; the same seed gives the same bytes."""
    from workbench.dataset.jamf import build_estate, write_estate

    estate = build_estate(scale=scale, seed=seed, resources=resources)
    digest = write_estate(estate, output)
    if as_json:
        print_json({"folder": output, "digest": digest, "seed": seed, "scale": estate.scale, "roots": estate.roots})
    else:
        click.echo(f"{estate.roots} root resources in {output}, digest {digest}")


@dataset_command.command("describe")
@_options
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def describe_command(scale: str, seed: int, resources: int | None, folder: Path | None) -> None:
    """Describe a written dataset, or the one that the options would build."""
    from workbench.dataset.jamf import build_estate, describe, load_estate

    estate = load_estate(folder) if folder else build_estate(scale=scale, seed=seed, resources=resources)
    click.echo(describe(estate))
