"""Handing a finished run of the user's own code to the store, which must never cost the user's program its life."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.errors import StoreError
from workbench.model import Recording, Session

if TYPE_CHECKING:
    from workbench.store import Store

__all__ = ["kept", "not_stored", "save_or_warn"]

log = logging.getLogger("workbench")


def kept(session: Session, recordings: Sequence[Recording], store: Store | None) -> StoreError | None:
    """Save what was recorded, if anything was and there is a store; why it doesn't take it, if it doesn't."""
    try:
        if store is not None and recordings:
            store.save(session, recordings)
    except StoreError as error:
        return error
    return None


def not_stored(error: StoreError, what: str = "runs") -> str:
    """The remark of a verdict whose runs, or which itself, the store didn't take."""
    return f"its {what} {'was' if what == 'verdict' else 'were'} not stored: {error}"


def save_or_warn(session: Session, recording: Recording, store: Store | None) -> Exception | None:
    """Save the run (``None``: in the default store); where that fails, log one line and return the reason."""
    try:
        if store is None:
            from workbench.store import Store

            store = Store()
        store.save(session, [recording])
    except Exception as error:  # whatever it is, the user's program goes on
        log.warning("workbench: run %s (%s) was not stored: %s", recording.run.run_id, recording.run.name, error)
        return error
    return None
