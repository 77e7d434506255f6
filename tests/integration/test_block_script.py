"""A user's script under capture behaves as under python, and is recorded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from spies import TEXT

from workbench.capture.samplers import SamplerSpec
from workbench.errors import UsageError
from workbench.experiment.script import ScriptRun, run_script
from workbench.model import Status
from workbench.store.store import Store

REPORT = "import json, sys; print(json.dumps([sys.argv, __name__, __file__, sys.path[0], __package__]))\n"


class Shelf:
    def save(self, session: Any, recordings: Any) -> None:
        pass


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder / "job.py"


def run(target: str, *arguments: str, **options: Any) -> ScriptRun:
    return run_script(target, arguments, store=Shelf(), **options)  # type: ignore[arg-type]


def functions(outcome: ScriptRun) -> set[str]:
    assert outcome.recording is not None
    assert outcome.recording.tree is not None
    return {frame.function for frame in outcome.recording.tree.frames}


def under_python(*command: str) -> tuple[int, str, str]:
    plain = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
    return plain.returncode, plain.stdout, plain.stderr


@pytest.mark.parametrize(
    "body",
    [
        REPORT,
        "raise SystemExit('bye')",
        "import sys; sys.exit(5)",
        "def f():\n    1 / 0\nf()",
        "def broken(:\n",
        "import sys; sys.excepthook = lambda *_: print('theirs'); 1 / 0",
    ],
)
def test_output_exit_code_and_traceback_are_those_of_python(
    script: Path, body: str, capfd: pytest.CaptureFixture[str]
) -> None:
    script.write_text(body)
    outcome = run("job.py", "--x", "1 2")
    out, err = capfd.readouterr()
    assert (outcome.exit_code, out, err) == under_python("job.py", "--x", "1 2")


def test_a_module_runs_as_by_python_m(script: Path, capfd: pytest.CaptureFixture[str]) -> None:
    package = script.parent / "tool"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(REPORT)
    outcome = run("tool", "a", module=True)
    out, err = capfd.readouterr()
    assert (outcome.exit_code, out, err) == under_python("-m", "tool", "a")


def test_a_folder_with_a_main_runs(script: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (script.parent / "__main__.py").write_text("import sys; print(sys.argv)")
    outcome = run(".")
    assert (outcome.exit_code, capfd.readouterr().out) == under_python(".")[:2]


def test_the_profile_begins_at_the_script_and_is_stored(script: Path, own_store: Path) -> None:
    script.write_text("import time\ndef work():\n    time.sleep(0.05)\nwork()\n")
    # An interval in which next to nothing fits: samples fall into what we do around the script, too.
    outcome = run_script("job.py", name="nightly", sampler=SamplerSpec(interval_s=0.0001))
    assert outcome.store_error is None
    assert outcome.recording is not None
    stored = Store(own_store).run(outcome.recording.run.run_id)
    assert (stored.name, stored.status) == ("nightly", Status.OK)
    tree = Store(own_store).tree(stored.run_id)
    paths = {tuple(f"{f.file}:{f.function}" for f in tree.stack(n)) for n in range(len(tree))}
    assert ("job.py:<module>", "job.py:work", "<built-in>:sleep") in paths
    assert {path[0] for path in paths} - {"<built-in>:exec"} == {"job.py:<module>"}


def test_a_stray_module_beside_the_script_does_not_become_ours(script: Path) -> None:
    (script.parent / "pickle.py").write_text("raise RuntimeError('not this one')\n")
    (script.parent / "numpy.py").write_text("raise RuntimeError('nor this one')\n")
    script.write_text("print('fine')\n")
    outcome = run("job.py")
    assert (outcome.exit_code, outcome.status) == (0, Status.OK)


@pytest.mark.parametrize(
    ("body", "code", "status", "error"),
    [
        ("import time; time.sleep(.03)\nimport os; os._exit(7)", 7, Status.FAILED, "SystemExit: 7"),
        ("import os; os.kill(os.getpid(), 9)", 137, Status.FAILED, "ended by signal SIGKILL"),
        ("raise ValueError('token=abcdef123')", 1, Status.FAILED, "ValueError"),
        ("raise KeyboardInterrupt", 130, Status.INTERRUPTED, "KeyboardInterrupt"),
    ],
)
def test_every_way_out_leaves_a_run(script: Path, body: str, code: int, status: Status, error: str) -> None:
    script.write_text(body)
    outcome = run("job.py")
    assert outcome.recording is not None
    assert (outcome.exit_code, outcome.status) == (code, status)
    assert outcome.recording.run.error.startswith(error)
    assert "abcdef123" not in outcome.recording.run.error


def test_a_forked_child_leaves_at_once(script: Path) -> None:
    script.write_text("import os\nif (child := os.fork()) == 0:\n    os._exit(3)\nprint(os.waitpid(child, 0))\n")
    outcome = run("job.py")
    assert (outcome.exit_code, outcome.status) == (0, Status.OK)


DRIVER = """
import sys
from workbench.experiment.script import run_script
outcome = run_script("job.py")
print(outcome.exit_code, outcome.status, outcome.recording.run.run_id, flush=True)
"""


def test_ctrl_c_reaches_the_script_and_its_profile_is_kept(script: Path, own_store: Path) -> None:
    script.write_text(
        "import time\nsum(range(2_000_000))\ntime.sleep(0.01)\nprint('ready', flush=True)\n"
        "while True:\n    time.sleep(0.01)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate()
    code, status, run_id = out.split()
    assert (code, status) == ("130", "interrupted")
    assert err.rstrip().endswith("KeyboardInterrupt")
    assert "workbench" not in err
    assert len(Store(own_store).tree(run_id).samples) > 0


def test_py_spy_sees_the_scripts_threads(script: Path) -> None:
    script.write_text(
        f"import threading, time\n{TEXT}"
        "def burn():\n    end = time.time() + 0.1\n    while time.time() < end or looks() < enough: pass\n"
        "t = threading.Thread(target=burn, name='helper'); t.start(); t.join()\n"
    )
    outcome = run("job.py", sampler=SamplerSpec("py-spy", 0.01))
    assert "burn" in functions(outcome)
    assert outcome.recording is not None
    assert outcome.recording.tree is not None
    # py-spy calls a thread what its first sample found, which may come before the thread has its name
    # The main thread waits in join() all the while, which is no running time.
    assert set(outcome.recording.tree.threads) - {"MainThread"} in ({"helper"}, {"thread"})


def test_what_cannot_be_run_is_a_usage_error(script: Path) -> None:
    (script.parent / "jobs.py").write_text("")
    with pytest.raises(UsageError, match=r"no such script: job\.py; did you mean jobs\.py\?$"):
        run("job.py")
    with pytest.raises(UsageError, match=r"no such script: tools\.job; for a module write -m tools\.job$"):
        run("tools.job")
    with pytest.raises(UsageError, match="No module named nowhere"):
        run("nowhere", module=True)


def test_switched_off_the_script_just_runs(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_DISABLE", "1")
    script.write_text(
        "import sys\nassert sys.getprofile() is None\nsys.exit('workbench.capture.rounds' in sys.modules)\n"
    )
    outcome = run("job.py")
    assert (outcome.exit_code, outcome.recording) == (0, None)


@pytest.mark.parametrize("ending", ["sys.exit(0)", "pass"])
def test_a_forked_child_never_writes_in_its_parents_name(script: Path, ending: str) -> None:
    script.write_text(
        "import os, signal, sys\n"
        f"if (child := os.fork()) == 0:\n    {ending}\n"
        "else:\n    os.waitpid(child, 0)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    outcome = run("job.py")
    assert (outcome.exit_code, outcome.status) == (137, Status.FAILED)


def test_sigterm_ends_the_script_as_ever_and_its_profile_is_kept(script: Path) -> None:
    script.write_text(
        "import os, signal, time\n"
        "def work():\n    time.sleep(0.05)\n"
        "work()\n"
        "if (child := os.fork()) == 0:\n"
        "    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
        "    os._exit(5)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
        "print('not reached')\n"
    )
    outcome = run("job.py")
    assert (outcome.exit_code, outcome.status) == (143, Status.INTERRUPTED)
    assert outcome.recording is not None
    assert outcome.recording.run.error == "Terminated: by SIGTERM"
    assert "work" in functions(outcome)


def test_a_scripts_own_way_with_sigterm_is_its_own(script: Path) -> None:
    script.write_text(
        "import os, signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    assert run("job.py").exit_code == 3


@pytest.mark.parametrize("options", [{}, {"spans": False}])
def test_a_block_inside_a_profiled_script_is_a_part_of_it(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, bool]
) -> None:
    monkeypatch.setenv("WORKBENCH_STORE", str(tmp_path / "wb.duckdb"))
    script.write_text(
        "import workbench as wb\n\ndef work():\n    for i in range(100_000): str(i)\n\n"
        "with wb.profile('part') as part:\n    work()\n"
        "assert wb.table(part).functions\nassert wb.flamegraph('latest')\n"
    )
    outcome = run("job.py", **options)
    assert outcome.exit_code == 0
    assert "work" in functions(outcome)
    store = Store(tmp_path / "wb.duckdb")
    whole, part = outcome.recording, store.run(store.resolve("latest"))
    assert whole is not None
    assert (part.name, part.sampler.name, part.parameters["part_of"]) == (
        "part",
        "pyinstrument",
        whole.run.run_id,
    )
    assert outcome.session is not None
    store.save(outcome.session, [whole])
    assert store.resolve("latest") == whole.run.run_id
