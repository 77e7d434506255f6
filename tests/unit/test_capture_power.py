"""The power mode as systems tell it, and as they don't."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from workbench.capture import power
from workbench.capture.power import UNKNOWN, conditions, power_mode


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


CPU = "devices__system__cpu__"


@pytest.mark.parametrize(
    ("files", "mode"),
    [
        ({}, UNKNOWN),
        ({f"{CPU}cpu0__cpufreq__scaling_governor": "performance"}, "performance"),
        (
            {
                f"{CPU}cpu0__cpufreq__scaling_governor": "schedutil",
                f"{CPU}cpu11__cpufreq__scaling_governor": "performance",
                f"{CPU}cpufreq__boost": "1",
                "class__power_supply__BAT0__status": "Discharging",
            },
            "performance, schedutil, turbo on, battery",
        ),
        ({f"{CPU}intel_pstate__no_turbo": "1", f"{CPU}cpufreq__boost": "1"}, "turbo off"),
        ({"class__power_supply__BAT0__status": "Charging", f"{CPU}cpufreq__boost": ""}, UNKNOWN),
    ],
)
def test_linux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], mode: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    assert power_mode(write(tmp_path, **files)) == mode


@pytest.mark.parametrize(
    ("battery", "settings", "mode"),
    [
        ("Now drawing from 'AC Power'\n", " lowpowermode         0\n", "ac, low power mode off"),
        ("Now drawing from 'Battery Power'\n", " lowpowermode         1\n", "battery, low power mode on"),
        ("", "", UNKNOWN),
    ],
)
def test_macos(monkeypatch: pytest.MonkeyPatch, battery: str, settings: str, mode: str) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(power, "_output", lambda *command: battery if command[-1] == "batt" else settings)
    assert power_mode() == mode


def test_a_missing_pmset_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert power_mode() == UNKNOWN


def test_the_load_is_stated_where_the_system_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getloadavg", lambda: (1.234, 0.0, 0.0))
    assert conditions() == {"load_average": 1.23}

    def unknown() -> tuple[float, float, float]:
        raise OSError

    monkeypatch.setattr(os, "getloadavg", unknown)
    assert conditions() == {}
