"""One self-contained HTML file of a session or of runs."""

from workbench.report.load import load_report
from workbench.report.model import ReportData, RunReport
from workbench.report.write import report_html, write_report

__all__ = ["ReportData", "RunReport", "load_report", "report_html", "write_report"]
