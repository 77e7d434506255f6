"""What has been started and has to be stopped again, as a context manager."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

__all__ = ["Stoppable"]


class Stoppable(ABC):
    """A context manager that calls its ``stop`` at the end of the block, however that ends."""

    @abstractmethod
    def stop(self) -> None:
        """End it; harmless when it is over already."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
