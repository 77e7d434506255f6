"""The gate at the write: every text that goes into the store passes through redaction here.

Function names stay as they are: they come from source code, and the call tree is nothing without them; only what
holds quotes or an address is a label, and no name. Text that
can't be stored as UTF-8 (lone surrogates, NUL) is written with escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from workbench.calltree import CallTree
from workbench.model import (
    Comparison,
    Environment,
    Frame,
    FunctionChange,
    FunctionSource,
    Recording,
    Round,
    Run,
    Sampler,
    Scalar,
    Session,
    Span,
)
from workbench.redaction import is_secret_name, redact, redact_cypher, redact_sql, redact_value
from workbench.store.plans import redacted_plan

__all__ = ["Gate", "storable"]

_QUOTES = ("'", '"', "://")
"""Names of functions have none; labels that other profilers make of a call and its arguments do."""
_HEX = re.compile(r"[0-9a-f]{0,32}")


def storable(text: str) -> str:
    """The text as DuckDB can hold it."""
    if text.isascii() and "\0" not in text:
        return text
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


class Gate:
    """Cleans the values of one save; remembers texts, as spans repeat a few names many times."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._values: dict[tuple[str, str, str], str] = {}
        self._secret_keys: dict[str, bool] = {}

    def text(self, text: str) -> str:
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = redact(storable(text))
        return known

    def session(self, session: Session) -> Session:
        return replace(
            session,
            session_id=self.text(session.session_id),
            kind=self.text(session.kind),
            scenario=self.text(session.scenario),
            parameters=self.mapping(session.parameters),
            environment=self.environment(session.environment),
        )

    def environment(self, environment: Environment) -> Environment:
        texts = {
            name: self.text(getattr(environment, name))
            for name in (
                "commit",
                "branch",
                "python",
                "implementation",
                "os",
                "cpu",
                "machine",
                "power",
                "workbench",
            )
        }
        packages = {self.text(name): self.text(version) for name, version in environment.packages.items()}
        return replace(environment, **texts, packages=packages)  # type: ignore[arg-type]

    def recording(self, recording: Recording) -> Recording:
        return Recording(
            run=self.run(recording.run),
            tree=None if recording.tree is None else self.tree(recording.tree),
            spans=tuple(self.span(span) for span in recording.spans),
            plans=tuple(redacted_plan(plan, self.text) for plan in recording.plans),
            sources=tuple(self.source(source) for source in recording.sources),
        )

    def run(self, run: Run) -> Run:
        sampler = run.sampler
        return replace(
            run,
            run_id=self.text(run.run_id),
            session_id=self.text(run.session_id),
            name=self.text(run.name),
            scenario=self.text(run.scenario),
            variant=self.text(run.variant),
            error=self.text(run.error),
            sampler=Sampler(
                name=self.text(sampler.name),
                version=self.text(sampler.version),
                interval_ns=sampler.interval_ns,
                clock=self.text(sampler.clock),
                mode=self.text(sampler.mode),
            ),
            parameters=self.mapping(run.parameters),
            tags=tuple(self.text(tag) for tag in run.tags),
            rounds=tuple(self.round(each) for each in run.rounds),
        )

    def round(self, each: Round) -> Round:
        measures = {self.text(name): value for name, value in each.measures.items()}
        return replace(each, error=self.text(each.error), measures=measures)

    def tree(self, tree: CallTree) -> CallTree:
        frames = tuple(self.frame(frame) for frame in tree.frames)
        threads, tasks = (tuple(self.text(name) for name in names) for names in (tree.threads, tree.tasks))
        return replace(tree, frames=frames, threads=threads, tasks=tasks)

    def source(self, source: FunctionSource) -> FunctionSource:
        return replace(source, frame=self.frame(source.frame), digest=self._hex(source.digest))

    def frame(self, frame: Frame) -> Frame:
        quotes = any(mark in frame.function for mark in _QUOTES)
        function = self.text(frame.function) if quotes else storable(frame.function)
        return Frame(file=self.text(frame.file), function=function, line=frame.line)

    def span(self, span: Span) -> Span:
        return replace(
            span,
            kind=self.text(span.kind),
            name=self._value(span.kind, "", span.name),
            status=self.text(span.status),
            site=self.text(span.site),
            trace_id=self._hex(span.trace_id),
            otel_span_id=self._hex(span.otel_span_id),
            attributes={
                self.text(key): self._attribute(span.kind, key, value) for key, value in span.attributes.items()
            },
        )

    def comparison(self, comparison: Comparison) -> Comparison:
        return replace(
            comparison,
            base=self.text(comparison.base),
            new=self.text(comparison.new),
            differences=tuple(self.text(line) for line in comparison.differences),
            functions=tuple(self._change(change) for change in comparison.functions),
            counts={self.text(name): pair for name, pair in comparison.counts.items()},
            sentence=self.text(comparison.sentence),
        )

    def mapping(self, values: Mapping[str, Scalar]) -> dict[str, Scalar]:
        return {
            self.text(key): redact_value(key, storable(value) if isinstance(value, str) else value)
            for key, value in values.items()
        }

    def _change(self, change: FunctionChange) -> FunctionChange:
        callers = tuple(replace(each, caller=each.caller and self.frame(each.caller)) for each in change.callers)
        return replace(change, frame=self.frame(change.frame), change=self.text(change.change), callers=callers)

    def _hex(self, digits: str) -> str:
        """An identifier that is different in every span, so not worth remembering; anything else is text."""
        return digits if _HEX.fullmatch(digits) else self.text(digits)

    def _attribute(self, kind: str, key: str, value: Scalar) -> Scalar:
        if isinstance(value, str):
            return self._value(kind, key, value)
        secret = self._secret_keys.get(key)
        if secret is None:
            secret = self._secret_keys[key] = is_secret_name(key)
        return redact_value(key, value) if secret else value

    def _value(self, kind: str, key: str, value: str) -> str:
        """A span's name (empty key) or attribute, remembered by the kind of span."""
        known = self._values.get((kind, key, value))
        if known is None:
            known = self._values[kind, key, value] = _span_text(kind, key, storable(value))
        return known


def _span_text(kind: str, key: str, value: str) -> str:
    if kind == "cypher" and (not key or key.endswith(("statement", "query.text", "cypher"))):
        value = redact_cypher(value)
    elif kind == "sql" and not key:
        value = redact_sql(value)
    return str(redact_value(key, value)) if key else redact(value)
