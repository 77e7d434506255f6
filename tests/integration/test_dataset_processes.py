"""What only other programs can say: equal bytes from other processes, and shell that a shell accepts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.dataset.jamf import build_estate, load_estate, write_estate

BUILD = "import sys; from pathlib import Path; from workbench.dataset.jamf import build_estate, write_estate; "
BUILD += "print(write_estate(build_estate(scale='medium', seed=7), Path(sys.argv[1])))"


def build_elsewhere(folder: Path, hash_seed: str, locale: str, zone: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "LC_ALL": locale, "TZ": zone}
    command = [sys.executable, "-c", BUILD, str(folder)]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_seed_same_bytes_whatever_the_process(tmp_path: Path) -> None:
    digest = write_estate(build_estate(scale="medium", seed=7), tmp_path / "here")
    for hash_seed, locale, zone in (("0", "C", "UTC"), ("4711", "C.UTF-8", "Asia/Kathmandu")):
        folder = tmp_path / hash_seed
        assert build_elsewhere(folder, hash_seed, locale, zone) == digest
        assert contents(folder) == contents(tmp_path / "here")


def test_writers_at_once_leave_one_whole_dataset(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    command = [sys.executable, "-c", BUILD, str(folder)]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    outputs = {writer.communicate()[0].strip() for writer in writers}
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert len(outputs) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["shared"]


def test_a_disk_that_takes_no_more_keeps_the_older_dataset(tmp_path: Path) -> None:
    """The system's own error: no file of the process may grow beyond 2 kB."""
    earlier = build_estate(resources=2)
    write_estate(earlier, tmp_path / "jamf")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048)); "
    done = subprocess.run(
        [sys.executable, "-c", limit + BUILD, str(tmp_path / "jamf")], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "DatasetError: can't write the dataset to" in done.stderr.splitlines()[-1]
    assert load_estate(tmp_path / "jamf") == earlier
    assert [path.name for path in tmp_path.iterdir()] == ["jamf"]


@pytest.mark.skipif(sys.platform == "darwin", reason="BSD has shasum instead of sha256sum")
def test_the_digest_can_be_checked_by_hand(tmp_path: Path) -> None:
    digest = write_estate(build_estate(resources=4), tmp_path / "jamf")
    by_hand = '(echo "jamf 1 scale=custom seed=1"; LC_ALL=C sha256sum *.jsonl) | sha256sum'
    done = subprocess.run(
        ["bash", "-c", by_hand], cwd=tmp_path / "jamf", check=True, capture_output=True, text=True
    )
    assert done.stdout.split()[0] == digest


def complaints(shell: str, scripts: list[str], folder: Path) -> list[str]:
    """What ``shell -n`` says against the scripts; one process for many, as starting one is the slow part."""
    paths = []
    for number, script in enumerate(scripts):
        paths.append(folder / f"{number}.sh")
        paths[-1].write_text(script, encoding="utf-8")
    loop = f'for script; do {shell} -n "$script" 2>&1 || echo "$script failed"; done'
    done = subprocess.run(
        ["bash", "-c", loop, "bash", *map(str, paths)], check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()


def shell_scripts() -> list[str]:
    estate = build_estate(scale="large")
    scripts = [script.contents for script in estate.scripts] + [each.script for each in estate.extension_attributes]
    return [script for script in scripts if script and "python" not in script.splitlines()[0]]


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_shell_scripts_are_valid(shell: str, tmp_path: Path) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    scripts = shell_scripts()
    assert len(scripts) > 50
    assert complaints(shell, scripts, tmp_path) == []


def test_the_shell_check_sees_a_broken_script(tmp_path: Path) -> None:
    assert complaints("bash", ["#!/bin/bash\nif true; then\n"], tmp_path)


def test_python_scripts_compile() -> None:
    scripts = [script for script in build_estate(resources=1000).scripts if script.filename.endswith(".py")]
    assert len(scripts) > 10
    for script in scripts:
        assert script.contents.startswith("#!/usr/bin/env python3\n")
        compile(script.contents, script.filename, "exec")
