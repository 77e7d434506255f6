"""An S3 object store to talk to: moto's server in its own process, or a real one named by the environment."""

from __future__ import annotations

from workbench.services.s3.endpoint import S3Endpoint, endpoint_from_environment
from workbench.services.s3.launch import RunningS3, start_s3
from workbench.services.s3.options import S3Faults, S3Options

__all__ = ["RunningS3", "S3Endpoint", "S3Faults", "S3Options", "endpoint_from_environment", "start_s3"]
