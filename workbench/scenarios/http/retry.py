"""How long to wait before another attempt, and when to stop trying."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

from workbench.scenarios.http.trouble import Trouble

__all__ = ["Patience", "backoff"]

_FIRST_S = 0.1
_LONGEST_S = 5.0
_FAULT_ATTEMPTS = 4
_THROTTLED_ATTEMPTS = 30


def backoff(key: str, attempt: int, retry_after: float | None = None) -> float:
    """Seconds to wait after failed attempt number ``attempt`` (from 1) of the request ``key``.

    Doubles from 0.1 s to at most 5 s, with up to as much again as jitter; a server's Retry-After is waited for in
    full, plus up to 0.1 s. The jitter depends on key and attempt alone, so that a repeated run waits alike.
    """
    jitter = int.from_bytes(blake2b(f"{key}#{attempt}".encode(), digest_size=4).digest(), "big") / 2**32
    if retry_after is not None:
        return retry_after + jitter * _FIRST_S
    step = min(_FIRST_S * 2.0 ** (attempt - 1), _LONGEST_S / 2)
    return step * (1 + jitter)


class Patience:
    """Ends retries: of one request after so many attempts, of all once no request has succeeded for a while.

    As long as others get answers a throttled request may try many times; when nobody does, nobody waits any more,
    so that a thousand requests to a dead server don't each take their full time.
    """

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        self._seconds = seconds
        self._now = now
        self._last_success = now()

    def succeeded(self) -> None:
        self._last_success = self._now()

    def delay(self, trouble: Trouble, key: str, attempt: int) -> float | None:
        """Seconds to wait before the next attempt, None when there should be none."""
        attempts = _THROTTLED_ATTEMPTS if trouble.throttled else _FAULT_ATTEMPTS
        if not trouble.again or attempt >= attempts:
            return None
        delay = backoff(key, attempt, trouble.retry_after)
        waited = self._now() + delay - self._last_success
        return delay if waited <= self._seconds else None
