"""20 threads over botocore's default of 10 kept connections: the others are thrown away after each request."""

from __future__ import annotations

from workbench.scenarios.uploads.upload import put_in_parallel as upload_all

__all__ = ["CONNECTIONS", "upload_all"]

CONNECTIONS = 10
