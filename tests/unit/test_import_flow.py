"""The layout shows the flow: a package imports only what stands to its left, and importing the whole is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "workbench"
LEAVES = {"model", "errors", "statistics", "calltree", "redaction", "paths", "shortening", "suggestions"}
FLOW = ["dataset", "services", "scenarios", "capture", "store", "analysis"]
# experiment orchestrates the steps; views and report show what they yield; the fronts are thin and import it all.
RANK = {
    **dict.fromkeys(LEAVES, 0),
    **{name: 1 + i for i, name in enumerate(FLOW)},
    "experiment": 20,
    "views": 10,
    "reporting": 21,
    "notebook": 30,
    "cli": 31,
    "pytest_plugin": 29,
    "testing": 30,
}
MAY_NOT_KNOW_EACH_OTHER = {("capture", "scenarios"), ("capture", "services"), ("capture", "dataset")}


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
        found |= {n.split(".")[1] for n in names if n.startswith("workbench.")}
    return found


MODULES = [p for p in sorted(PACKAGE.rglob("*.py")) if p.parent != PACKAGE or p.stem in LEAVES]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way_along_the_flow(path: Path) -> None:
    here = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    for other in _imports(path) - {here}:
        assert RANK[other] < RANK[here] or (here in LEAVES and other in LEAVES), f"{here} may not import {other}"
        assert (here, other) not in MAY_NOT_KNOW_EACH_OTHER


def test_every_package_has_its_place_in_the_flow() -> None:
    packages = {p.name for p in PACKAGE.iterdir() if p.is_dir() and p.name != "__pycache__"}
    modules = {p.stem for p in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert packages | modules == set(RANK)


def test_importing_the_workbench_loads_nothing_heavy_and_patches_nothing() -> None:
    script = """
import sys
import workbench
heavy = {"plotly", "pandas", "duckdb", "numpy", "pyinstrument", "httpx", "opentelemetry", "anywidget", "rich"}
loaded = {name.split(".")[0] for name in sys.modules} & heavy
print(sorted(loaded), sys.getprofile(), sys.gettrace())
"""
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[] None None"


def test_every_public_name_of_the_package_resolves() -> None:
    import workbench

    for name in workbench.__all__:
        assert getattr(workbench, name) is not None
    assert set(workbench.__all__) <= set(dir(workbench))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        workbench.nonsense  # noqa: B018
