"""One self-contained HTML file, or Markdown, of a session, of runs, of a comparison or of a notebook."""

from workbench.reporting.confidential import confidential
from workbench.reporting.load import load_report
from workbench.reporting.markdown import report_markdown
from workbench.reporting.model import ReportData, RunReport
from workbench.reporting.write import prepare_output, report_html, write_report

__all__ = [
    "ReportData",
    "RunReport",
    "confidential",
    "load_report",
    "prepare_output",
    "report_html",
    "report_markdown",
    "write_report",
]
