"""Modules joined for a page: each in a scope of its own, and in an order in which each follows what it imports."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from workbench.views import assets
from workbench.views.assets import FLAMEGRAPH_MODULES, module, read_static

IMPORT = re.compile(r'^import \{([^}]*)\} from "\./([\w-]+\.js)";', re.MULTILINE)
EXPORT = re.compile(r"^export (?:async )?(?:function|class|const|let) +([\w$]+)", re.MULTILINE)
STATIC = Path(assets.__file__).parent / "static"


@pytest.mark.parametrize("name", FLAMEGRAPH_MODULES)
def test_a_module_imports_only_what_earlier_ones_export(name: str) -> None:
    earlier = FLAMEGRAPH_MODULES[: FLAMEGRAPH_MODULES.index(name)]
    for names, source in IMPORT.findall(read_static(name)):
        assert source in earlier, f"{name} stands before {source}"
        wanted = {part.split(" as ")[0].strip() for part in names.split(",")}
        assert wanted <= set(EXPORT.findall(read_static(source))), f"{name} wants what {source} lacks"


@pytest.mark.parametrize("name", FLAMEGRAPH_MODULES)
def test_a_module_is_small(name: str) -> None:
    assert read_static(name).count("\n") <= 450


def test_every_script_in_the_folder_is_in_the_page() -> None:
    assert {path.name for path in STATIC.glob("*.js")} == set(FLAMEGRAPH_MODULES)


def test_no_import_or_export_of_a_part_is_left() -> None:
    page = module('import { mount } from "./flamegraph.js";\nexport default { mount };\n')
    assert "const { mount } = module_flamegraph;" in page
    assert re.findall(r"^(?:import|export) .*", page, re.MULTILINE) == ["export default { mount };"]


def test_names_are_private_to_their_modules_and_can_be_renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {
        "one.js": "const own = 1;\nexport function mount() {\n  return own;\n}\n",
        "two.js": 'import { mount as other } from "./one.js";\nconst own = 2;\n'
        "export const mount = () => own + other();\n",
    }
    monkeypatch.setattr(assets, "FLAMEGRAPH_MODULES", tuple(sources))
    monkeypatch.setattr(assets, "read_static", sources.__getitem__)
    script = module(
        'import { mount } from "./two.js";\n', 'import { mount } from "./two.js";\nglobalThis.sum = mount();\n'
    )
    node = shutil.which("node")
    if node is None:
        pytest.skip("no node")
    run = [node, "--input-type=module", "--eval", script + "console.log(globalThis.sum)"]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "3\n"
