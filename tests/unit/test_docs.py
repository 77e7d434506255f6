"""README and docs hold what is so: commands that parse, options and names that exist, links that lead somewhere."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import workbench as wb
from workbench.analysis.verdict import Rule
from workbench.cli.main import cli

ROOT = Path(__file__).parents[2]
NAMES = ("README.md", "benchmarks/README.md", "data/README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md")))
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in sorted(NAMES)}
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
OTHERS_OPTIONS = {"--no-index", "--nonblocking"}
"""Of pip."""


def blocks(page: str, language: str) -> list[str]:
    return [text for name, text in BLOCK.findall(PAGES[page]) if name == language]


def said_commands(page: str) -> Iterator[str]:
    """Command lines of shell blocks, of indented lines and of `code` in the text, without their comments."""
    text = PAGES[page]
    lines = [line for block in blocks(page, "sh") for line in block.replace("\\\n", " ").splitlines()]
    lines += [line[4:] for line in text.splitlines() if line.startswith("    ")]
    lines += re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))
    for line in lines:
        if found := re.match(r"(?:[A-Z][A-Z0-9_]*=\S+ +)*((?:workbench|make|pytest) \S.*)", line):
            optional_too = re.sub(r"\[([^\]|]*)[^\]]*\]", r"\1", found[1])
            yield re.split(r" {2,}| # | [|]{1,2} ", optional_too)[0].replace("…", "").strip()


COMMANDS = sorted({(page, line) for page in PAGES for line in said_commands(page)})


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that these words name, and the words after its name. LookupError for no command."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words:
        found = command.get_command(click.Context(command), words[0])
        if found is None:
            raise LookupError(f"no command {words[0]!r}")
        command, words = found, words[1:]
    return command, words


@pytest.mark.parametrize(("page", "line"), [each for each in COMMANDS if each[1].startswith("workbench ")])
def test_a_command_parses(page: str, line: str) -> None:
    command, words = command_of(shlex.split(line)[1:])
    if not words:
        return  # a text that names the command
    try:
        command.make_context(line, words).close()
    except click.MissingParameter:  # a text that names the command with an option
        assert all(word.startswith("-") for word in words)


def test_many_commands_were_found() -> None:
    """The test above looks at something."""
    assert ("README.md", "workbench compare jamf:pooled jamf:optimized --resources 8") in COMMANDS
    assert ("docs/scaling.md", "pytest --workbench") not in COMMANDS
    assert len([line for page, line in COMMANDS if page == "README.md"]) > 25
    with pytest.raises(click.NoSuchOption):
        test_a_command_parses("", "workbench runs --nonsense")


def test_every_target_of_make_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {line.split()[1] for _, line in COMMANDS if line.startswith("make ")} <= targets


def known_options() -> set[str]:
    """Of all commands and of the pytest plugin."""
    waiting: list[click.Command] = [cli]
    found = set(re.findall(r'"(--workbench[a-z-]*)"', (ROOT / "workbench/pytest_plugin.py").read_text()))
    while waiting:
        command = waiting.pop()
        found |= {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        if isinstance(command, click.Group):
            context = click.Context(command)
            waiting += [c for n in command.list_commands(context) if (c := command.get_command(context, n))]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_option_that_a_text_names_exists(page: str) -> None:
    named = set(re.findall(r"`(--[a-z][a-z-]*)", BLOCK.sub("", PAGES[page])))
    assert named - known_options() <= OTHERS_OPTIONS


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")])
def test_python_compiles_and_what_it_takes_of_the_workbench_is_there(page: str) -> None:
    for block in blocks(page, "python"):
        lines = [line for line in block.splitlines() if not line.startswith("%%")]
        tree = compile("\n".join(lines), page, "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "wb":
                assert hasattr(wb, node.attr), f"wb.{node.attr}"


@pytest.mark.parametrize("page", PAGES)
def test_every_name_of_the_package_in_a_text_is_there(page: str) -> None:
    names = set(re.findall(r"`wb\.(\w+)", BLOCK.sub("", PAGES[page])))
    assert [name for name in names if not hasattr(wb, name)] == []


def anchors(page: str) -> set[str]:
    """As code hosts make them of headings."""
    titles = re.findall(r"^#+ (.+)$", BLOCK.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in LINK.findall(BLOCK.sub("", PAGES[page])):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


def single_keys(text: str) -> set[str]:
    return set(re.findall(r"(?<![\w+])[A-Z0-9/?+](?!\w)", text))


def test_the_keys_are_those_that_the_picture_lists() -> None:
    told = re.findall(r"^\| ([^|]+) \|", PAGES["docs/flamegraph.md"].partition("## Keys")[2], re.MULTILINE)
    script = (ROOT / "workbench/views/static/help.js").read_text(encoding="utf-8")
    listed = re.findall(r'^  \["([^"]+)", "', script, re.MULTILINE)
    assert len(listed) > 15
    assert single_keys(" ".join(told[2:])) == single_keys(" ".join(listed))


def test_the_verdicts_numbers_are_the_rules() -> None:
    rule, page = Rule(), re.sub(r"\s+", " ", PAGES["docs/comparing.md"])
    *looks, last = rule.looks
    assert f"at looks after {', '.join(map(str, looks))} and {last} pairs" in page
    assert f"| REGRESSION | L > +{rule.regression:.0%}".replace("%", " %") in page
    assert f"| IMPROVEMENT | U < −{rule.improvement:.0%}".replace("%", " %") in page
    assert f"| PASS | U < +{rule.max_regression:.0%}".replace("%", " %") in page
    assert f"Of the error of {rule.alpha:.0%}".replace("%", " %") in page
