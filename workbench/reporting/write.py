"""A report as a file: its page or its Markdown, whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from workbench.analysis.pairs import seconds
from workbench.errors import OutputError
from workbench.experiment.progress import Progress, silent
from workbench.reporting.chart import chart_html
from workbench.reporting.comparability import comparability_section
from workbench.reporting.comparing import comparison_section
from workbench.reporting.growth import growth_section
from workbench.reporting.markdown import report_markdown
from workbench.reporting.model import ReportData, told_apart
from workbench.reporting.page import page_html
from workbench.reporting.sections import (
    bound_section,
    comparisons_section,
    environment_section,
    header,
    ladder_section,
    parameters_section,
    run_section,
)
from workbench.views.charts import LadderStep, ladder_chart
from workbench.views.ladder_svg import ladder_svg
from workbench.views.packages import colours_of

__all__ = ["prepare_output", "report_html", "write_atomically", "write_report"]

_LADDER_CHART = "Wall time of a round of each variant, as in the table"


def _chart(report: ReportData, *, plotly: bool) -> str:
    """The ladder's chart; "" where fewer than two variants have a round."""
    by_id = {r.run.run_id: r.run for r in report.runs}
    steps = [
        LadderStep(
            name=row.variant or row.name,
            seconds=tuple(seconds(by_id[row.run_id])[1]),
            ratio=None if row.is_baseline or not row.ratio.pairs else row.ratio.ratio,
            interval=None if row.is_baseline or not row.ratio.pairs else (row.ratio.low, row.ratio.high),
        )
        for row in report.rows
    ]
    bound_s = report.bound.seconds if report.bound else None
    still = ladder_svg(steps, bound_s=bound_s)
    return chart_html(ladder_chart(steps, bound_s=bound_s), _LADDER_CHART) if still and plotly else still


def _measured(report: ReportData, *, plotly: bool, of: str = "") -> str:
    """The ladder, the bound and the verdicts of a session; ``of`` names it where there are several."""
    return "".join(
        (
            ladder_section(report, _chart(report, plotly=plotly), of) if report.rows else "",
            bound_section(report, of),
            comparisons_section(report, of),
        )
    )


def _main(report: ReportData, progress: Progress, *, plotly: bool) -> str:
    trees = [run.tree for run in report.runs if run.tree is not None]
    colours = colours_of(trees)
    drawn = []
    names = told_apart([each.run for each in report.runs])
    for number, (run, name) in enumerate(zip(report.runs, names, strict=True)):
        progress(f"drawing {name}", number, len(names))
        drawn.append(run_section(run, number, colours, name))
    runs = "".join(drawn)
    return "".join(
        (
            comparison_section(report, colours),
            growth_section(report),
            _measured(report, plotly=plotly),
            *(_measured(p, plotly=plotly, of=p.runs[0].session.session_id) for p in report.parts),
            comparability_section(report),
            f'<section class="runs"><h2>{"Runs" if len(report.runs) > 1 else "Run"}</h2>{runs}</section>',
            environment_section(report),
            parameters_section(report),
        )
    )


def report_html(report: ReportData, *, plotly: bool = False, progress: Progress = silent) -> str:
    """The whole page. ``plotly``: a ladder's chart can be zoomed and hovered, and the page is 4.8 MB larger."""
    charted = any(_chart(each, plotly=False) for each in (report, *report.parts))
    written = f"Written {report.written_at:%Y-%m-%d %H:%M} UTC by workbench."
    return page_html(
        report.title,
        header=header(report, report_markdown(report)),
        main=_main(report, progress, plotly=plotly),
        footer=f"{written} This page is one file and asks no network for anything.",
        plotly=plotly and charted,
    )


def write_report(report: ReportData, path: Path, *, plotly: bool = False) -> None:
    """Write the page, or Markdown to a ``.md`` file, whole or not at all. Raises ``OutputError``."""
    markdown = path.suffix.lower() in {".md", ".markdown"}
    write_atomically(path, report_markdown(report) if markdown else report_html(report, plotly=plotly))


def prepare_output(path: Path) -> None:
    """Make the folder that a report goes to, so that a bad place is told before anything is measured.

    A folder right below the file system's root is not made. Raises ``OutputError``.
    """
    try:
        if _is_stream(path):
            return
        folder = path.absolute().parent
        top = Path(*folder.parts[:2])
        if not top.exists():  # mistyped rather than meant
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".part"):
            pass
    except OSError as error:
        raise OutputError(_why(path, error)) from error


def write_atomically(path: Path, text: str) -> None:
    """Write beside the file, then rename. A lone surrogate in a name is written as "?".

    A new file has the permissions that the user's umask leaves, one that is replaced keeps its own. A device or
    pipe, such as ``/dev/stdout``, is written into, and a link's file is replaced rather than the link.
    """
    made: Path | None = None
    try:
        if _is_stream(path):
            path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
            return
        path = path.resolve() if path.is_symlink() else path
        temporary = path.with_name(f".{path.name[:40]}.{os.getpid()}-{secrets.token_hex(4)}.part")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)  # less the umask
        made = temporary
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as out:
            out.write(text)
        with suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except OSError as error:
        if made is not None:
            with suppress(OSError):
                made.unlink()
        raise OutputError(_why(path, error)) from error


def _is_stream(path: Path) -> bool:
    """Whether something is there that can't be replaced by a file without harm."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _why(path: Path, error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            reason = "the disk is full; free some space and write it again"
        case errno.EACCES | errno.EPERM | errno.EROFS:
            reason = f"no permission to write in {path.parent}; choose another place"
        case errno.ENOENT if path.parent.is_dir():  # /proc and its like
            reason = f"{path.parent} takes no new files; choose another place"
        case errno.ENOENT | errno.ENOTDIR:
            reason = f"there is no folder {path.parent}; create it first"
        case errno.EISDIR:
            reason = "it is a folder; name a file"
        case _:
            reason = error.strerror or str(error)
    return f"can't write the report {path}: {reason}"
