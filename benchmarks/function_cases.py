"""CPU paths of the case studies as functions without arguments, and a slow-down put into one of their functions."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from time import perf_counter
from types import FunctionType
from typing import Any

from workbench.dataset.azure import build_tenant, resource_document
from workbench.dataset.jamf import build_estate
from workbench.dataset.workflows import build_library
from workbench.model import Frame
from workbench.paths import normalise
from workbench.scenarios.azure.rows import resource_row
from workbench.scenarios.files.sigv4 import Presigner
from workbench.scenarios.jamf.hcl import render
from workbench.scenarios.jamf.references import references, resolve, support_files
from workbench.scenarios.jamf.resources import Kind, Listed, Ref, build_catalog
from workbench.scenarios.jamf.terraform import describe
from workbench.scenarios.workflows.entries import Listing, counted, first_page
from workbench.services.s3 import S3Endpoint

__all__ = ["CASES", "Body", "Injection", "elapsed", "frame_of", "functions_of", "step_seconds"]

Body = Callable[[], object]
_MODULES = ("workbench.scenarios.", "workbench.dataset.")


def jamf() -> Body:
    """What the export does with its documents: describe them, collect references, resolve and render."""
    refs = [Ref(Kind.POLICY, number) for number in range(1, 61)]
    parts = [
        Ref(kind, number) for kind in (Kind.SCRIPT, Kind.PACKAGE, Kind.GROUP, Kind.CATEGORY) for number in (1, 2)
    ]
    catalog = build_catalog(Listed(ref, f"{ref.kind} number {ref.id}") for ref in (*refs, *parts))
    bodies = [_policy(number) for number in range(1, 61)]

    def export() -> str:
        blocks = []
        for ref, body in zip(refs, bodies, strict=True):
            block = describe(catalog, ref, body)
            needed = {*references(block), *support_files(block)}
            blocks.append(resolve(block, exported=lambda r: r.id == 1, saved=lambda r, n=needed: r in n))
        return render(blocks)

    return export


def _policy(number: int) -> dict[str, Any]:
    triggers = ("checkin", "enrollment_complete", "login", "network_state_changed", "startup")
    return {
        "general": {
            "name": f'Policy "{number}"\n${{with}} specials',
            "enabled": True,
            **{f"trigger_{name}": False for name in triggers},
            "trigger_other": "agent",
            "frequency": "Once per computer",
            "category": {"id": 1, "name": "Security"},
        },
        "scope": {
            "all_computers": False,
            "computer_groups": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}],
            "exclusions": {"computer_groups": [{"id": 2, "name": "b"}]},
        },
        "self_service": {"use_for_self_service": False, "self_service_description": "text " * 20},
        "package_configuration": {"packages": [{"id": 1, "name": "p", "action": "Install"}]},
        "scripts": [{"id": 2, "name": "s", "priority": "After", "parameter4": "a", "parameter5": ""}],
        "maintenance": {"recon": True},
    }


def azure() -> Body:
    """What the scan does with ARM's documents: rows and their links."""
    tenant = build_tenant(resources=150)
    documents = [(resource_document(resource), resource.changed_time) for resource in tenant.resources]
    return lambda: [resource_row(document, changed).links() for document, changed in documents]


def files() -> Body:
    """Presigning with a presigner of our own."""
    endpoint = S3Endpoint("http://127.0.0.1:9000", "bucket", "us-east-1", "key", "secret")
    at = datetime(2026, 11, 23, tzinfo=UTC)
    names = [f"tenant/{number:05d}/drawing {number}.pdf" for number in range(300)]

    def sign() -> list[str]:
        presigner = Presigner(endpoint, keep_key=False)
        return [
            presigner.url(name, "application/pdf", f'inline; filename="{name}"', at=at, expires_s=60)
            for name in names
        ]

    return sign


def workflows() -> Body:
    """Listing by payload: count nodes and edges of each, sort, and write the page."""
    library = build_library(resources=4)
    now = datetime(2026, 11, 23, tzinfo=UTC)
    payloads = [version.payload for version in library.versions]
    small = [json.dumps({"nodes": list(range(60)), "edges": list(range(90))}) for _ in range(300)]
    rows = [
        {"id": n, "name": f"w{n}", "owner": "o", "folder": "f", "updated_at": now, "version": 1, "status": "active",
         "payload": payload}
        for n, payload in enumerate([*(p if isinstance(p, str) else p.decode() for p in payloads[:2]), *small])
    ]  # fmt: skip

    def page() -> str:
        entries = first_page((counted(row) for row in rows), 200)
        return Listing(entries, entries).to_json()

    return page


def dataset() -> Body:
    """Building the synthetic estate."""
    return lambda: build_estate(resources=3)


CASES: dict[str, Callable[[], Body]] = {
    "jamf": jamf,
    "azure": azure,
    "files": files,
    "workflows": workflows,
    "dataset": dataset,
}


def functions_of(frames: Iterable[Frame]) -> dict[Frame, FunctionType]:
    """The Python functions of the case studies' modules among these frames: those that can be slowed."""
    wanted, found = set(frames), {}
    for module in [m for name, m in sys.modules.items() if name.startswith(_MODULES)]:
        for value in list(vars(module).values()):
            for each in vars(value).values() if isinstance(value, type) else [value]:
                plain = isinstance(each, FunctionType) and not each.__code__.co_freevars
                if plain and (frame := frame_of(each)) in wanted:
                    found[frame] = each
    return found


def frame_of(function: FunctionType) -> Frame:
    """The frame that a sampler sees for it."""
    return Frame(normalise(function.__code__.co_filename), function.__code__.co_qualname)


class Injection:
    """A loop put before a function's body, wherever it is called from; ``steps`` can be changed at any time.

    Its code is exchanged for one of the same name, file and first line that counts first and goes on with the
    original: a sampler sees one function. With 0 steps it costs a call, on both sides of a comparison.
    """

    def __init__(self, function: FunctionType) -> None:
        self.function = function
        self.steps = 0
        self.calls = 0
        self._original = function.__code__

    def __enter__(self) -> Injection:
        function, original, name = self.function, self._original, "_injected"
        inner = FunctionType(original, function.__globals__, function.__name__, function.__defaults__)
        inner.__kwdefaults__ = function.__kwdefaults__
        function.__globals__[name] = self
        function.__globals__[f"{name}_body"] = inner
        scope: dict[str, Any] = {}
        exec(
            f"def body(*a, **k):\n"
            f"    {name}.calls += 1\n"
            f"    for _ in range({name}.steps): pass\n"
            f"    return {name}_body(*a, **k)\n",
            scope,
        )
        function.__code__ = scope["body"].__code__.replace(
            co_name=original.co_name,
            co_qualname=original.co_qualname,
            co_filename=original.co_filename,
            co_firstlineno=original.co_firstlineno,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.function.__code__ = self._original

    def steps_for(self, body: Body, share: float) -> int:
        """Steps a call that make the body take longer by ``share``; 0 where it doesn't call the function."""
        self.steps = self.calls = 0
        body()
        calls = self.calls
        seconds = min(elapsed(body) for _ in range(5))
        return round(share * seconds / calls / step_seconds()) if calls else 0


@lru_cache(maxsize=1)
def step_seconds() -> float:
    """Seconds of one step of an empty loop."""
    return min(elapsed(lambda: _loop(200_000)) for _ in range(9)) / 200_000


def _loop(steps: int) -> None:
    for _ in range(steps):
        pass


def elapsed(body: Body) -> float:
    began = perf_counter()
    body()
    return perf_counter() - began
