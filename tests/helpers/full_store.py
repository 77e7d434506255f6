"""A store whose disk is full whenever runs are to be saved."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.errors import StoreFull
from workbench.model import Recording, Session
from workbench.store import Store


class FullStore(Store):
    def save(self, session: Session, recordings: Sequence[Recording]) -> None:
        raise StoreFull("the disk is full")
