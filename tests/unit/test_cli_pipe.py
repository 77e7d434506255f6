"""A reader that closes its end of the pipe early."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli.main import READER_GONE
from workbench.errors import OutputError, RunNotFound


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


def test_a_full_disk_behind_standard_output_is_no_full_store(tmp_path: Path) -> None:
    environment = {**os.environ, "WORKBENCH_STORE": str(tmp_path / "store.duckdb")}
    command = [sys.executable, "-m", "workbench", "runs"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, env=environment, timeout=60, check=False
        )
    assert done.returncode == OutputError.exit_code
    assert done.stderr == b"workbench: the output can't be written: No space left on device\n"


SCRIPT = """
import importlib, threading
shell = importlib.import_module("workbench.cli.main")
shell.cli.main = lambda **_: threading.Thread(target=threading.Event().wait).start() or 3
shell.main()
"""


def test_a_thread_that_measured_code_left_does_not_keep_the_command() -> None:
    assert subprocess.run([sys.executable, "-c", SCRIPT], timeout=60, check=False).returncode == 3


POOL = """
import importlib, os
from concurrent.futures import ThreadPoolExecutor
shell = importlib.import_module("workbench.cli.main")
pool = ThreadPoolExecutor(1)
os._exit = lambda code: print("left by force", flush=True)
shell.cli.main = lambda **_: pool.submit(int).result() or 3
shell.main()
"""


def test_an_idle_pool_of_measured_codes_goes_home() -> None:
    done = subprocess.run([sys.executable, "-c", POOL], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"", b"")


def test_a_closed_standard_error_changes_no_exit_code(tmp_path: Path) -> None:
    command = f"{sys.executable} -m workbench show nosuch --store {tmp_path}/s.duckdb"
    codes = {
        subprocess.run(["sh", "-c", text], capture_output=True, timeout=60, check=False).returncode
        for text in (command, f"{command} 2>&-")
    }
    assert codes == {RunNotFound.exit_code}
