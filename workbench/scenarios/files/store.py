"""The object store of a session: the local one behind the link, or the real one of the environment."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from workbench.dataset.objects import Listing, build_listing, write_listing
from workbench.model import Scalar
from workbench.scenarios.base import Settings
from workbench.scenarios.files.bucket import Bucket
from workbench.scenarios.files.options import read_options
from workbench.services.link import LinkProfile, parse_link, start_link
from workbench.services.s3 import S3Options, endpoint_from_environment, start_s3
from workbench.services.s3.latency import latency_s

__all__ = ["Store", "open_store"]


class Store:
    """A bucket to work on. ``link`` and ``options`` are None for a real store, of which nothing is known."""

    def __init__(
        self,
        bucket: Bucket,
        listing: Listing,
        parameters: Mapping[str, Scalar],
        reset: Callable[[], None],
        link: LinkProfile | None = None,
        options: S3Options | None = None,
    ) -> None:
        self.bucket = bucket
        self.listing = listing
        self.parameters = parameters
        self.reset = reset
        self.link = link
        self.options = options
        self.stats: Callable[[], dict[str, Any]] = dict
        self.cleanup = ExitStack()

    @property
    def external(self) -> bool:
        return self.link is None

    def latency(self, operation: str, key: str) -> float:
        """Seconds that the local store takes for the first such request of a round."""
        assert self.options is not None
        return latency_s(self.options.seed, operation, key, 1, self.options.latency_scale)

    def close(self) -> None:
        self.cleanup.close()


def open_store(scenario: str, settings: Settings, *, filled: bool) -> Store:
    """The store for these settings; ``filled`` puts the files of the dataset into the local one's bucket.

    Raises ``UsageError`` for an unknown option, scale or link, ``ServiceStartFailed`` if a service doesn't start.
    """
    options, timeout_s = read_options(scenario, settings.options, settings.seed)
    listing = build_listing(scale=settings.scale, seed=settings.seed, resources=settings.resources)
    endpoint = endpoint_from_environment()
    if endpoint is not None:
        about: dict[str, Scalar] = {"dataset_digest": "external", "link": "external"}
        return Store(Bucket(endpoint, timeout_s), listing, about, lambda: None)
    link = parse_link(settings.link)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="workbench-objects-")))
        digest = write_listing(listing, folder)
        server = stack.enter_context(start_s3(folder if filled else None, options=options))
        relay = stack.enter_context(start_link(link, server.host, server.port))
        parameters = {**_about(listing, link, options), "dataset_digest": digest}
        bucket = Bucket(server.endpoint(relay), timeout_s)
        store = Store(bucket, listing, parameters, server.reset, link, options)
        store.stats = partial(server.process.ask, "stats")
        store.cleanup = stack.pop_all()
    return store


def _about(listing: Listing, link: LinkProfile, options: S3Options) -> dict[str, Scalar]:
    return {
        "scale": listing.scale,
        "seed": listing.seed,
        "resources": len(listing.files),
        "link": link.name,
        "link_terms": link.describe(),
        "latency_scale": options.latency_scale,
    }
