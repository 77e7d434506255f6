"""``workbench report``: one self-contained HTML file, or Markdown for a pull request."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.output import store_option

__all__ = ["report_command"]


@click.command("report")
@store_option
@click.argument("what", nargs=-1, required=True, metavar="RUN…|SESSION|NOTEBOOK.ipynb")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="FILE.html or FILE.md; default: stdout."
)
@click.option(
    "--format", "form", type=click.Choice(["html", "md"]), help="Default: what the file's name says, else html."
)
@click.option("--confidential", is_flag=True, help="Leave out source, folders, hosts, users and statements.")
@click.option("--force", is_flag=True, help="Give the ratio of two runs that are not comparable all the same.")
@click.option("--plotly", is_flag=True, help="Charts of ladders and notebooks to zoom and hover: 4.8 MB more.")
def report_command(
    store_path: Path | None,
    what: tuple[str, ...],
    output: Path | None,
    form: str | None,
    confidential: bool,
    force: bool,
    plotly: bool,
) -> None:
    """Write runs, a session or a notebook as one HTML file that needs nothing but a browser.

    Two runs are compared, the first being the base; of several sessions each has its ladder. --format md is a
    comment for a pull request or a ticket.
    """
    from workbench.experiment.progress import progress_if_long
    from workbench.reporting.render import form_of, rendered
    from workbench.reporting.write import prepare_output, write_atomically
    from workbench.store import Store

    form = form_of(output, form)
    if output is not None:
        prepare_output(output)
    with progress_if_long("report") as progress:
        text = rendered(
            Store(store_path), what, form, confidential=confidential, plotly=plotly, force=force, progress=progress
        )
    if output is None:
        click.echo(text.encode("utf-8", "replace"), nl=False)
        return
    write_atomically(output, text)
    if output.is_file():  # no pipe or device, where this would stand in the report
        click.echo(f"{output} ({output.stat().st_size / 1e6:.1f} MB)")
