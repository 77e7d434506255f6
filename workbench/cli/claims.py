"""``workbench claims``: what source documents state, what was measured, and the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.cli.output import print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.experiment.claims.model import Claim, Evaluation
    from workbench.experiment.claims.results import Book

__all__ = ["claims_command"]


@click.command("claims")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--measure", "measure_ids", multiple=True, metavar="ID", help="Measure this claim again; repeatable.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Draw each claim's conditions into FOLDER/ID.svg.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def claims_command(ids: tuple[str, ...], measure_ids: tuple[str, ...], plot: Path | None, as_json: bool) -> int:
    """Print the verdicts on the figures that source documents state; with IDs (J4, J4.large) on those alone.

    \b
    workbench claims
    workbench claims J4 --plot plots

    --measure J1 first measures again everything that J1 rests on, which can take minutes, and keeps it in
    benchmarks/results.
    """
    from workbench.errors import INTERRUPTED
    from workbench.experiment.claims.files import find_project
    from workbench.experiment.claims.results import claim_document, open_book

    book = open_book(find_project())
    shown = book.catalogue.select([*ids, *measure_ids])
    interrupted = bool(measure_ids) and not _measured(book, book.catalogue.select(measure_ids))
    evaluations = book.evaluations(shown)
    if plot is not None:
        _draw(evaluations, plot)
    if as_json:
        print_json([claim_document(evaluation) for evaluation in evaluations])
    else:
        _print(evaluations, details=bool(ids or measure_ids))
    return INTERRUPTED if interrupted else 0


def _measured(book: Book, claims: Sequence[Claim]) -> bool:
    """Measure every point that the claims name, once; False if that was interrupted."""
    from workbench.experiment.progress import progress_bar

    for name in dict.fromkeys(name for claim in claims for name in claim.points):
        with progress_bar(name) as progress:
            if book.measure(book.catalogue.points[name], progress).interrupted:
                return False
    return True


def _draw(evaluations: Sequence[Evaluation], folder: Path) -> None:
    from workbench.reporting.claims import claim_svg
    from workbench.reporting.write import prepare_output, write_atomically

    for evaluation in evaluations:
        if picture := claim_svg(evaluation):
            path = folder / f"{evaluation.claim.id}.svg"
            prepare_output(path)
            write_atomically(path, picture)
            click.echo(path, err=True)


def _print(evaluations: Sequence[Evaluation], *, details: bool) -> None:
    from workbench.experiment.claims.words import interval_words, measured_words, stated_words

    rows = [
        (e.claim.id, e.claim.statement, stated_words(e.claim), measured_words(e), interval_words(e), e.words)
        for e in evaluations
    ]
    print_table(("claim", "statement", "stated", "measured", "interval", "verdict"), rows, right="llrrrl")
    if details:
        for evaluation in evaluations:
            _print_details(evaluation)
    else:
        click.echo(
            "workbench claims ID shows the conditions of one; workbench claims --measure ID measures it again."
        )


def _print_details(evaluation: Evaluation) -> None:
    from workbench.experiment.claims.words import quantity

    claim = evaluation.claim
    click.echo(f"{claim.id} ({claim.source}): {evaluation.words}; {evaluation.because}")
    for reading in evaluation.readings:
        low, high = quantity(reading.low, ""), quantity(reading.high, "")
        said = f", {reading.verdict}" if reading.verdict else ""
        shown = "" if reading.decides else ", shown only"
        value = quantity(reading.value, claim.unit)
        click.echo(f"  {reading.point}: {value} ({low} to {high}, {reading.label}){said}{shown}")
    if claim.note:
        click.echo(f"  {claim.note}")
    click.echo(f"  again: {claim.command}")
