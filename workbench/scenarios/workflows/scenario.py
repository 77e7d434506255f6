"""The case study: the library in a Postgres behind the link, and each variant as a workload over it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from workbench.dataset.workflows import build_library, library_digest
from workbench.errors import MissingExtra
from workbench.model import Scalar
from workbench.scenarios.base import BoundTerm, Prepared, Settings, variant_of, variants_in
from workbench.scenarios.workflows.bound import bound_terms
from workbench.scenarios.workflows.options import WorkflowOptions, read_options
from workbench.services.link import RunningLink, parse_link, start_link
from workbench.services.postgres import PostgresEndpoint, endpoint_from_environment, start_postgres

if TYPE_CHECKING:
    from workbench.scenarios.workflows.workload import ListingWorkload

__all__ = ["WorkflowListing"]

_VARIANTS = (
    ("naive", "SELECT * of every version with its payload; the latest one and its counts are found in Python"),
    ("n-plus-one", "SELECT * of the latest version only, with its payload: a statement for each workflow"),
    ("columns", "only the columns that are shown, with counts that a trigger keeps; still a statement for each"),
    ("latest-batch", "one statement for all latest versions (DISTINCT ON)"),
    ("indexed", "the same statement, and an index that holds what it reads"),
    ("paged", "one page in keyset order, and the latest versions of that page alone"),
    ("optimized", "asyncio: the page of workflows and the page of templates asked for at the same time"),
)


class WorkflowListing:
    """List workflows and templates with the size of their latest version."""

    name = "workflows"
    title = "Listing of workflows and templates without their payloads"
    variants = variants_in("workflows", _VARIANTS)
    baseline = "naive"
    best = "optimized"
    demo = tuple(name for name, _ in _VARIANTS)

    def prepare(self, settings: Settings) -> Prepared:
        """Start Postgres and link, or turn to the server that ``WORKBENCH_POSTGRES_URL`` names, and load the data.

        Raises ``UsageError`` for an unknown option, scale or link, ``ServiceError`` if a service fails, and
        ``MissingExtra``.
        """
        try:
            import psycopg  # noqa: F401
            import sqlalchemy  # noqa: F401
        except ImportError as error:
            raise MissingExtra(error.name or "sqlalchemy", "services") from error
        return _Loaded(self, settings, read_options(settings.options), endpoint_from_environment())


class _Loaded:
    """The library in a schema of its own, in our server or in the user's."""

    def __init__(
        self,
        scenario: WorkflowListing,
        settings: Settings,
        options: WorkflowOptions,
        external: PostgresEndpoint | None,
    ) -> None:
        from workbench.scenarios.workflows.clients import Database
        from workbench.scenarios.workflows.loading import Administrator
        from workbench.scenarios.workflows.workload import Surroundings

        self._scenario = scenario
        self._options = options
        self._external = external is not None
        self._profile = parse_link(settings.link)
        self._library = build_library(scale=settings.scale, seed=settings.seed, resources=settings.resources)
        self._digest = library_digest(self._library)
        schema = f"workbench_{secrets.token_hex(4)}"
        with ExitStack() as stack:
            endpoint = (
                external or stack.enter_context(start_postgres(max_connections=options.max_connections)).endpoint()
            )
            link = stack.enter_context(start_link(self._profile, endpoint.host, endpoint.port))
            administrator = Administrator(endpoint, schema, options.timeout_s, options.patience_s)
            if external is not None:
                stack.callback(administrator.drop)
            administrator.load(self._library, options.bad_payloads)
            self._version = administrator.version()
            patience = (options.timeout_s, options.patience_s, options.page_size)
            self.surroundings = Surroundings(
                database=Database(endpoint.through(link), schema, *patience),
                direct=Database(endpoint, schema, *patience),
                administrator=administrator,
                bytes_crossed=lambda: _bytes_crossed(link),
            )
            self._stack = stack.pop_all()

    @property
    def parameters(self) -> Mapping[str, Scalar]:
        return {
            "scale": self._library.scale,
            "seed": self._library.seed,
            "resources": len(self._library.workflows),
            "dataset_digest": self._digest,
            "link": self._profile.name,
            "link_terms": self._profile.describe(),
            "page_size": self._options.page_size,
            "bad_payloads": self._options.bad_payloads,
            "postgres": f"{self._version}{' (external)' if self._external else ''}",
        }

    def workload(self, variant: str) -> ListingWorkload:
        from workbench.scenarios.workflows.workload import ListingWorkload

        workload = ListingWorkload(variant_of(self._scenario, variant).name, self.surroundings)
        self._stack.callback(workload.close)
        return workload

    def bound(self) -> tuple[BoundTerm, ...]:
        """From what the server did for the best variant; nothing is known of a server of the user's own."""
        if self._external:
            return ()
        from workbench.scenarios.workflows.workload import INDEXED, cheapest_listing

        best = self._scenario.best
        self.surroundings.administrator.set_indexed(best in INDEXED)
        return bound_terms(self._profile, *cheapest_listing(best, self.surroundings.direct))

    def close(self) -> None:
        self._stack.close()


def _bytes_crossed(link: RunningLink) -> dict[str, int]:
    """By the relay's own counters, protocol included; nothing for a link without a relay."""
    counted = link.stats()
    return {"bytes_sent": counted["bytes_up"], "bytes_received": counted["bytes_down"]} if counted else {}
