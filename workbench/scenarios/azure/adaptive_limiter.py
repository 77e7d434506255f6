"""A limiter whose limit follows throttling: it grows while the server accepts and halves when it refuses."""

from __future__ import annotations

from types import TracebackType

from workbench.scenarios.http.limiter import Limiter

__all__ = ["AdaptiveLimiter"]


class AdaptiveLimiter(Limiter):
    """Additive increase, multiplicative decrease (Chiu and Jain 1989), after a start that doubles each round.

    A refusal pauses everyone, so that many refusals of one moment count as one. It never goes below ``least``:
    what a token bucket refills during a pause would be left unused otherwise.
    """

    def __init__(self, start: int = 10, most: int = 50, least: int = 8) -> None:
        super().__init__(min(start, most))
        self._most = most
        self._least = min(least, most)
        self._doubling = True
        self._accepted = 0

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._grow()
        await super().__aexit__(kind, error, trace)

    def refused(self, pause_s: float) -> None:
        """The server refused a request: pause all newcomers for ``pause_s`` and halve the limit, once a pause."""
        if self._now() >= self._resume_at:
            self.limit = max(self._least, self.limit // 2)
            self._doubling = False
            self._accepted = 0
        self._resume_at = max(self._resume_at, self._now() + pause_s)

    def _grow(self) -> None:
        self._accepted += 1
        if self.limit < self._most and (self._doubling or self._accepted >= self.limit):
            self.limit += 1
            self._accepted = 0
