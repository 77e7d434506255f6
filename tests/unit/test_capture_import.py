"""Importing the workbench changes nothing and loads little."""

from __future__ import annotations

import subprocess
import sys

CHECK = """
import asyncio, sys, threading, gc
import httpx
before = (httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request,
          asyncio.BaseEventLoop.run_forever, list(sys.meta_path), sys.getprofile(), sys.gettrace(),
          threading.enumerate(), gc.isenabled(), sys.excepthook)
import workbench, workbench.capture.rounds, workbench.capture.httpx_patch, workbench.capture.http
import workbench.capture.pyspy, workbench.capture.inprocess, workbench.experiment.block
after = (httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request,
         asyncio.BaseEventLoop.run_forever, list(sys.meta_path), sys.getprofile(), sys.gettrace(),
         threading.enumerate(), gc.isenabled(), sys.excepthook)
assert before == after, (before, after)
from opentelemetry import trace
assert trace._TRACER_PROVIDER is None
"""

LIGHT = """
import sys
import workbench.experiment.block, workbench.experiment.script_child
import workbench.experiment.gate.worker, workbench.experiment.isolated_child
from workbench.capture.rounds import RunRecorder, RoundKind
recorder = RunRecorder()
recorder.call(RoundKind.TIMING, int)
recorder.finish(run_id="", session_id="", name="", bare=True)
heavy = {"numpy", "httpx", "opentelemetry", "duckdb", "psutil", "plotly"} & set(sys.modules)
assert not heavy, heavy
"""


def complaint_of(code: str) -> str:
    """What a fresh interpreter says of the first assertion that does not hold in it; empty where all do."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    return done.stderr


def test_importing_patches_nothing() -> None:
    assert complaint_of(CHECK) == ""


def test_what_runs_beside_a_script_loads_nothing_heavy() -> None:
    assert complaint_of(LIGHT) == ""
