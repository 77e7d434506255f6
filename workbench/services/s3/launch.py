"""Start the local object store in a process of its own."""

from __future__ import annotations

from pathlib import Path

from workbench.services.link import RunningLink
from workbench.services.process import ServiceProcess, start_service
from workbench.services.running import RunningService, need_packages
from workbench.services.s3.endpoint import S3Endpoint
from workbench.services.s3.options import S3Options

__all__ = ["RunningS3", "start_s3"]

_NAME = "the local S3 (moto)"


class RunningS3(RunningService):
    """A running object store with one bucket; a context manager. Credentials are random and end with it.

    ``stats`` has also ``operations`` (requests by operation); ``reset`` sets the bucket's contents back, too.
    """

    def __init__(self, process: ServiceProcess, options: S3Options) -> None:
        super().__init__(process)
        self.options = options

    def endpoint(self, link: RunningLink | None = None) -> S3Endpoint:
        """How a client reaches it, over plain HTTP: directly, or through a link that was started before it."""
        ready = self.process.ready
        return S3Endpoint(
            url=f"http://{self.address(link)}",
            bucket=ready["bucket"],
            access_key=ready["access_key"],
            secret_key=ready["secret_key"],
        )


def start_s3(listing_folder: Path | None = None, *, options: S3Options | None = None) -> RunningS3:
    """Serve a bucket with the files that ``write_listing`` wrote to the folder, or an empty one.

    Raises ServiceStartFailed, MissingExtra.
    """
    need_packages("boto3", "moto", "flask", "flask_cors")
    options = options or S3Options()
    folder = str(Path(listing_folder).resolve()) if listing_folder is not None else None
    config = {"listing": folder, "options": options.to_json()}
    return RunningS3(start_service("workbench.services.s3.server", config, name=_NAME, timeout_s=60), options)
