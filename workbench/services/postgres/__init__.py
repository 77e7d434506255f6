"""A real Postgres 18 of our own, or the one that ``WORKBENCH_POSTGRES_URL`` names."""

from workbench.services.postgres.endpoint import PostgresEndpoint, endpoint_from_environment
from workbench.services.postgres.launch import RunningPostgres, start_postgres

__all__ = ["PostgresEndpoint", "RunningPostgres", "endpoint_from_environment", "start_postgres"]
