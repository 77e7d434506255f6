"""Whether two results are equal: speed of wrong answers means nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.errors import ResultsDiffer, ScenarioError
from workbench.experiment.contents import Part, first_difference, outline, result_digest
from workbench.scenarios.base import Outcome

__all__ = [
    "ANOTHER_RESULT",
    "EXIT_STATUS",
    "FirstResult",
    "Results",
    "failed_ending",
    "require_equal",
    "result_digest",
]

EXIT_STATUS = "exit_status"
"""Measure of a process's round: how it ended."""

ANOTHER_RESULT = "returned another result than in its first round"
_ALL_THE_SAME = "--different-results compares them all the same"


class Results:
    """Outcomes of one workload's rounds: each has a digest; the first, and what differs from it, an outline."""

    def __init__(self) -> None:
        self._first: str | None = None

    def outcome(self, value: Any, measures: Mapping[str, float]) -> Outcome:
        """Of what one round returned."""
        digest = result_digest(value)
        return Outcome(digest, measures, outline=self.outlined(digest, lambda: value))

    def outlined(self, digest: str, content: Callable[[], Any]) -> tuple[Part, ...]:
        """The outline of what has this digest, where it wasn't the first one's."""
        if digest == self._first:
            return ()
        self._first = digest if self._first is None else self._first
        return outline(content())


class FirstResult:
    """What one side returned at first, and whether it still does: code that changes its data times other work."""

    def __init__(self) -> None:
        self._first: Outcome | None = None
        self.differs = ""
        """What to tell of a side, after its name, once a round returned something else; "" until then."""

    def add(self, outcome: Outcome) -> str:
        """Take another round's outcome; ``differs``. Without content or with failed parts it says nothing."""
        if not outcome.digest or outcome.failures:
            return self.differs
        if self._first is None:
            self._first = outcome
        if outcome.digest != self._first.digest and not self.differs:
            where = first_difference(self._first.outline, outcome.outline)
            self.differs = (
                f"{ANOTHER_RESULT}{f' ({where})' if where else ''}: "
                "it is random, or what it works on changes between rounds, so their times say nothing; fix its "
                f"seed, or make its input anew in setup_NAME ({_ALL_THE_SAME})"
            )
        return self.differs


def failed_ending(outcome: Outcome | None) -> str:
    """How a process's round ended, where that was badly; "" otherwise."""
    if outcome is None or not outcome.measures.get(EXIT_STATUS):
        return ""
    return outcome.failures[0].error if outcome.failures else f"exit status {outcome.measures[EXIT_STATUS]:g}"


def require_equal(base: tuple[str, Outcome], new: tuple[str, Outcome]) -> str:
    """Raise ``ResultsDiffer`` unless both (name, outcome) are of equal results; "" or a remark if they show none.

    ``ScenarioError`` where both ended badly in the same way. Outcomes with reported failures of parts are not
    compared: which parts failed may differ by chance.
    """
    (base_name, a), (new_name, b) = base, new
    if a.measures.get(EXIT_STATUS) and a.digest == b.digest:
        raise ScenarioError(f"{base_name} and {new_name} both fail ({a.failures[0].error}): nothing to compare")
    if not (a.digest and b.digest):
        return f"results of {base_name if not a.digest else new_name} show no content: not checked for equality"
    parts_failed = (a.failures or b.failures) and EXIT_STATUS not in a.measures
    if a.digest != b.digest and not parts_failed:
        failed = "; ".join(f"{f.resource}: {f.error}" for f in (*a.failures, *b.failures))
        failed = failed or first_difference(a.outline, b.outline)
        why = f" ({failed})" if failed else ""
        raise ResultsDiffer(
            f"{base_name} and {new_name} return different results{why}: their speed is not compared "
            f"({_ALL_THE_SAME})"
        )
    return ""
