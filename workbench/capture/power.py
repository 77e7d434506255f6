"""The power mode and the load of the machine: both change what a second of it is worth. Reads, never fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from workbench.model import Scalar

__all__ = ["LOAD_AVERAGE", "UNKNOWN", "conditions", "power_mode"]

UNKNOWN = "unknown"
"""Where the system tells nothing, as in most virtual machines and containers."""

LOAD_AVERAGE = "load_average"
"""Parameter of a session: processes running or waiting to run over the minute before it began (getloadavg(3))."""

_SYSTEM = Path("/sys")
_TIMEOUT_S = 2.0


def conditions() -> dict[str, Scalar]:
    """What a session should state of the moment it began in, as parameters."""
    try:
        return {LOAD_AVERAGE: round(os.getloadavg()[0], 2)}
    except OSError:
        return {}


def power_mode(system: Path = _SYSTEM) -> str:
    """Such as ``performance, turbo off`` or ``schedutil, turbo on, battery``; ``unknown`` where nothing is told.

    On Linux the frequency governors of all CPUs, turbo (intel_pstate's ``no_turbo``, else cpufreq's ``boost``) and
    whether a battery is being discharged; on macOS what ``pmset`` tells of the source and of low power mode.
    """
    words = _macos() if sys.platform == "darwin" else _linux(system)
    return ", ".join(words) or UNKNOWN


def _linux(system: Path) -> list[str]:
    cpu = system / "devices/system/cpu"
    governors = {_read(path) for path in cpu.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    supplies = (system / "class/power_supply").glob("BAT*/status")
    return [
        *sorted(filter(None, governors)),
        *_turbo(cpu),
        *(["battery"] if any(_read(path) == "Discharging" for path in supplies) else []),
    ]


def _turbo(cpu: Path) -> list[str]:
    for path, on in ((cpu / "intel_pstate/no_turbo", "0"), (cpu / "cpufreq/boost", "1")):
        if text := _read(path):
            return [f"turbo {'on' if text == on else 'off'}"]
    return []


def _macos() -> list[str]:
    source = re.search(r"'(.+?) Power'", _output("pmset", "-g", "batt"))
    saving = re.search(r"^\s*lowpowermode\s+(\d)", _output("pmset", "-g"), re.MULTILINE)
    return [
        *([source[1].lower()] if source else []),
        *([f"low power mode {'on' if saving[1] == '1' else 'off'}"] if saving else []),
    ]


def _output(*command: str) -> str:
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
