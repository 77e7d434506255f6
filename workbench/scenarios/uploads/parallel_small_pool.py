"""20 threads over botocore's default pool, which keeps 10 idle connections.

That is enough: a thread that puts its connection back takes it again at once, so hardly ever are 10 of them idle.
"""

from __future__ import annotations

from workbench.scenarios.uploads.upload import put_in_parallel as upload_all

__all__ = ["CONNECTIONS", "upload_all"]

CONNECTIONS = 10
