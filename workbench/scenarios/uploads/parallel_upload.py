"""20 threads, and a connection kept for each."""

from __future__ import annotations

from workbench.scenarios.uploads.upload import THREADS
from workbench.scenarios.uploads.upload import put_in_parallel as upload_all

__all__ = ["CONNECTIONS", "upload_all"]

CONNECTIONS = THREADS
