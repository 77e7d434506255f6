"""URLs signed in processes, which have a GIL each. The pool is up, and its clients made, before a request comes."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from workbench.errors import ScenarioError
from workbench.scenarios.files.bucket import Bucket
from workbench.scenarios.files.listing import Desk, Entry, Listed, list_files, presign

__all__ = ["close", "listing", "prepare"]

_LINGER_S = 0.2
_worker: list[Desk] = []


def prepare(desk: Desk) -> ProcessPoolExecutor:
    """A process for each processor, each with a client that has signed once. Raises ScenarioError."""
    workers = os.cpu_count() or 1
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),  # a fork of a process with threads may deadlock
        initializer=_start,
        initargs=(desk.bucket,),
    )
    try:
        warm = [pool.submit(_sign, [Entry("warm-up", 0, "text/plain")], _LINGER_S) for _ in range(workers)]
        for each in warm:
            each.result()
    except BrokenProcessPool as error:
        pool.shutdown()
        raise ScenarioError(
            "variant 'processes' can't start its processes; in a script, measure under if __name__ == '__main__':"
        ) from error
    return pool


def close(pool: ProcessPoolExecutor) -> None:
    """End the processes."""
    pool.shutdown()


async def listing(desk: Desk) -> list[Listed]:
    """All files, with URLs. Each process gets its share in one message, since a message costs more than a URL."""
    loop = asyncio.get_running_loop()
    pool: ProcessPoolExecutor = desk.resources
    entries = list_files(desk)
    share = max(1, -(-len(entries) // (os.cpu_count() or 1)))
    parts = [entries[start : start + share] for start in range(0, len(entries), share)]
    listed: list[Listed] = []
    for part, urls, wall_s, cpu_s in await asyncio.gather(
        *(loop.run_in_executor(pool, _sign, part) for part in parts)
    ):
        desk.signed.add(len(part), wall_s, cpu_s)
        listed += [Listed(entry, url) for entry, url in zip(part, urls, strict=True)]
    return listed


def _start(bucket: Bucket) -> None:
    _worker.append(Desk(bucket, bucket.client()))
    threading.Thread(target=_end_with_parent, name="parent-watch", daemon=True).start()


def _end_with_parent() -> None:
    """A pool's processes wait for work for ever if their parent was killed."""
    parent: Any = multiprocessing.parent_process()
    parent.join()
    os._exit(0)


def _sign(entries: Sequence[Entry], linger_s: float = 0.0) -> tuple[Sequence[Entry], list[str], float, float]:
    """The entries, their URLs, seconds and processor seconds; lingering makes sure that each process gets one."""
    began, cpu = time.perf_counter(), time.thread_time()
    urls = [presign(_worker[0], entry).url for entry in entries]
    took = time.perf_counter() - began, time.thread_time() - cpu
    time.sleep(linger_s)
    return entries, urls, *took
