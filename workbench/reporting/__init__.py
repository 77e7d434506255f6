"""One self-contained HTML file of a session or of runs."""

from workbench.reporting.load import load_report
from workbench.reporting.model import ReportData, RunReport
from workbench.reporting.write import prepare_output, report_html, write_report

__all__ = ["ReportData", "RunReport", "load_report", "prepare_output", "report_html", "write_report"]
