"""The HCL writer against an independent parser."""

from __future__ import annotations

import random
import re

import hcl2
import pytest

from workbench.scenarios.jamf.hcl import Block, Expression, quote, render

HOSTILE = [
    "",
    "plain",
    'say "hi"',
    "back\\slash \\n \\",
    "${var.secret}",
    "%{ if true }x%{ endif }",
    "$${already} $$ $ % %% {} $$${z} %%%{z}",
    "trailing $",
    "trailing %",
    "line\nbreak\r\nand\ttab",
    "\x00\x01\x07\x1b\x7f\x85",
    "\u2028\u2029\ufeff",
    "ünïcödé 日本語 🦊",
    "# no comment // nor /* this */",
    "<<EOT\nEOT\n",
    "#!/bin/bash\necho \"${HOME}\" '%{http_code}' \\\n  | sed 's/\\$/x/'\n",
    '"}\nresource "x" "y" {',
]


def literal(source: str) -> str:
    """What a quoted template without interpolation evaluates to, by HCL's specification."""
    assert source[0] == source[-1] == '"'
    escapes = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}

    def evaluate(match: re.Match[str]) -> str:
        if match["template"]:
            return match["template"][1:]
        if match["code"]:
            return chr(int(match["code"], 16))
        return escapes[match["plain"]]

    body = source[1:-1]
    assert not re.search(r'(?<!\\)(?:\\\\)*"', body), "a quote ends the string early"
    pattern = r"(?P<template>\$\$(?=\{)|%%(?=\{))|\\u(?P<code>[0-9A-F]{4})|\\(?P<plain>.)"
    assert not re.search(r"[$%]\{", re.sub(r"\$\$\{|%%\{", "", body)), "something would be interpolated"
    return re.sub(pattern, evaluate, body)


def parsed_attribute(text: str) -> str:
    document = hcl2.loads(render([Block("resource", (("value", text),), ("a", "b"))]))
    return str(document["resource"][0]['"a"']['"b"']["value"])


@pytest.mark.parametrize("text", HOSTILE, ids=repr)
def test_a_hostile_string_survives_a_parser(text: str) -> None:
    assert literal(parsed_attribute(text)) == text


def test_any_mixture_of_special_characters_survives_a_parser() -> None:
    draw = random.Random(20)
    alphabet = ["$", "%", "{", "}", '"', "\\", "\n", "\t", "\x00", "u", "n", "~", "'", "é", " ", "\u2028"]
    for _ in range(300):
        text = "".join(draw.choices(alphabet, k=draw.randint(0, 12)))
        text += "}" * ("{" in text)  # the parser (8.1) reads past the end of a string with an unclosed $${
        assert literal(parsed_attribute(text)) == text, repr(text)


def test_lone_surrogates_are_replaced() -> None:
    assert quote("a\ud800b").encode() == '"a\ufffdb"'.encode()


def test_the_layout_is_that_of_terraform_fmt() -> None:
    nested = Block("scope", (("all_computers", False), ("ids", (Expression("x.y.id"), Expression("7", "gone")))))
    block = Block(
        "resource", (("name", "n"), ("priority", 9), ("none", ()), nested, Block("empty", ())), ("t", "n")
    )
    assert render([block]) == (
        'resource "t" "n" {\n'
        '  name     = "n"\n'
        "  priority = 9\n"
        "  none     = []\n"
        "\n"
        "  scope {\n"
        "    all_computers = false\n"
        "    ids = [\n"
        "      x.y.id,\n"
        "      7, # gone\n"
        "    ]\n"
        "  }\n"
        "\n"
        "  empty {}\n"
        "}\n"
    )


def test_a_comment_can_not_leave_its_line() -> None:
    text = render([Block("b", (("id", Expression("7", 'gone\n}\nresource "x" "y" {}\u2028z')),))])
    assert text.count("\n") == 3
    assert hcl2.loads(text)["b"][0]["id"] == 7
