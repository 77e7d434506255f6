"""The local object store's process: ``python -m workbench.services.s3.server``, started by ``start_s3``.

It is what moto's ``ThreadedMotoServer`` runs (its dispatcher on werkzeug's threaded server), with ``front`` between
the two, which moto's class leaves no room for. moto checks neither signatures nor their expiry, so whether a
presigned URL is right must be computed (``scenarios.files.verify``).
"""

from __future__ import annotations

import io
import logging
import secrets
import threading
from pathlib import Path
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.s3.models import S3Backend, s3_backends
from werkzeug.serving import ThreadedWSGIServer

from workbench.dataset.objects import Listing, contents, load_listing
from workbench.services.child import Channel, raise_file_limit, run_child
from workbench.services.precise import tighten_timer_slack
from workbench.services.s3.front import Front
from workbench.services.s3.options import S3Options

__all__ = ["main"]

BUCKET = "workbench-files"


def main(config: dict[str, Any], channel: Channel) -> None:
    """Serve until the parent goes. ``config``: the listing's folder (None for an empty bucket) and the options."""
    raise_file_limit()
    tighten_timer_slack()
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)  # it logs every request
    listing = load_listing(Path(config["listing"])) if config["listing"] else None
    store = _Store(listing)
    access_key, secret_key = f"AKIA{secrets.token_hex(8).upper()}", secrets.token_urlsafe(30)
    front = Front(
        DomainDispatcherApplication(create_backend_app), S3Options.from_json(config["options"]), access_key
    )

    def reset() -> dict[str, Any]:
        front.clear()
        store.restore()
        return {}

    channel.operations |= {"stats": front.stats, "reset": reset}
    server = ThreadedWSGIServer("127.0.0.1", 0, front, handler=_handler(front))
    host, port = server.server_address[:2]
    facts = {"host": str(host), "port": port, "bucket": BUCKET, "access_key": access_key, "secret_key": secret_key}
    channel.ready(facts)
    server.serve_forever()


class _Store:
    """The bucket with its files, filled without the detour of HTTP."""

    def __init__(self, listing: Listing | None) -> None:
        self._backend: S3Backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._backend.create_bucket(BUCKET, "us-east-1")
        if listing is not None:
            for file in listing.files:
                self._backend.put_object(BUCKET, file.key, contents(listing.seed, file))
        self._original = {key: value.etag for key, value in self._keys()}

    def restore(self) -> None:
        """Remove what was uploaded since the start."""
        for key, _ in self._keys():
            if key not in self._original:
                self._backend.delete_object(BUCKET, key)

    def _keys(self) -> list[tuple[str, Any]]:
        return list(self._backend.buckets[BUCKET].keys.items())


def _handler(front: Front) -> type[MotoRequestHandler]:
    class Handler(MotoRequestHandler):
        """moto's, over connections that stay open, as those of S3 do, and don't wait for more to send."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            front.connected()

        def handle_expect_100(self) -> bool:
            return True  # ``run_wsgi`` answers

        def send_header(self, keyword: str, value: str) -> None:
            if (keyword, value) != ("Connection", "close"):  # what werkzeug sends always
                super().send_header(keyword, value)

        def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
            self.close_connection = True

        def run_wsgi(self) -> None:
            # werkzeug drains the connection after an answer, and would swallow the next request: give it the
            # body alone to read from.
            if self.headers.get("Expect", "").lower() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                del self.headers["Expect"]
            connection = self.rfile
            self.rfile = io.BytesIO(connection.read(int(self.headers.get("Content-Length") or 0)))
            try:
                super().run_wsgi()
            finally:
                self.rfile = connection

    return Handler


if __name__ == "__main__":
    threading.current_thread().name = "S3"
    run_child(main)
