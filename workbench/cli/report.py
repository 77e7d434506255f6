"""``workbench report``: one self-contained HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.output import store_option

__all__ = ["report_command"]


@click.command("report")
@store_option
@click.argument("what", nargs=-1, required=True, metavar="RUN…|SESSION")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="FILE.html")
def report_command(store_path: Path | None, what: tuple[str, ...], output: Path) -> None:
    """Write runs, or a whole session, as one HTML file that needs nothing but a browser."""
    from workbench.reporting import load_report, prepare_output, write_report
    from workbench.store import Store

    prepare_output(output)
    write_report(load_report(Store(store_path), what), output)
    click.echo(f"{output} ({output.stat().st_size / 1e6:.1f} MB)")
