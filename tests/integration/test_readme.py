"""The README's first block is what a newcomer types: it is run here as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
JOB = """\
import sys


def letters_of(words):
    return sum(len(word) for word in words)


assert sys.argv[1:] == ["--day", "monday"]
print(letters_of(str(n) for n in range(200_000)))
"""


def commands(text: str) -> list[str]:
    """Of the first shell block, without comments and without the installation, which these tests have done."""
    block = re.search(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert block is not None
    lines = [line.partition(" # ")[0].strip() for line in block[1].splitlines()]
    assert lines[0].startswith("pip install ")
    return lines[1:]


def test_the_first_flame_graph(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(JOB)
    said = []
    for line in commands(README.read_text(encoding="utf-8")):
        name, *words = shlex.split(line)
        assert name == "workbench"
        done = subprocess.run(
            [sys.executable, "-m", name, *words], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{line}: {done.stderr}"
        said.append(done.stdout)
    assert said[0].startswith("1088890\n")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "data-wb-flamegraph" in page
    assert "letters_of" in page
