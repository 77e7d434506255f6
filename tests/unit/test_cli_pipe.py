"""A reader that closes its end of the pipe early."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli.main import READER_GONE


@pytest.mark.parametrize("arguments", [["--help"], ["runs"], ["runs", "--json"], ["scenarios"]])
def test_a_reader_that_is_gone_ends_it_quietly_and_is_no_verdict(arguments: list[str], tmp_path: Path) -> None:
    """Click ends with 1, which is a REGRESSION's code; 0 would pass a gate."""
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "WORKBENCH_STORE": str(tmp_path / "store.duckdb")}
    command = [sys.executable, "-m", "workbench", *arguments]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (READER_GONE, b"")
