"""The hook may be taken off from inside itself; its state must outlive the call that does so."""

from __future__ import annotations

import subprocess
import sys

STRESS = """
import asyncio, gc, sys, threading, time
from workbench.capture.frames import StackTable
from workbench.capture.inprocess import InProcessSampler
from workbench.capture.samplers import SamplerSpec
gc.set_threshold(50, 2, 2)
async def stopped_elsewhere():
    sampler = InProcessSampler(SamplerSpec(interval_s=0.0001), StackTable(), sys._getframe())
    sampler.begin()
    thread = threading.Thread(target=sampler.stop)
    thread.start()
    thread.join()
    for _ in range(3):
        await asyncio.sleep(0)
    end = time.perf_counter() + 0.001
    while time.perf_counter() < end:
        len("a")
    assert sys.getprofile() is None
def stopped_here():
    sampler = InProcessSampler(SamplerSpec(interval_s=0.0001), StackTable(), sys._getframe())
    sampler.begin()
    asyncio.run(asyncio.sleep(0))
    sampler.stop()
for _ in range(150):
    asyncio.run(stopped_elsewhere())
    stopped_here()
"""


def test_stopping_many_times_never_crashes_the_interpreter() -> None:
    assert subprocess.run([sys.executable, "-X", "faulthandler", "-c", STRESS], check=False).returncode == 0
