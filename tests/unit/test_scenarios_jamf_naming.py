"""Names made from names: safe, unique, and the same whatever the order."""

from __future__ import annotations

import random
import re

import pytest

from workbench.scenarios.jamf.naming import slug, unique_slugs


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Install Agent", "install_agent"),
        ("Café – Installer (v2)", "cafe_installer_v2"),
        ("../../etc/passwd", "etc_passwd"),
        ("7-Zip", "n7_zip"),
        ("日本語", "unnamed"),
        ("", "unnamed"),
        ("x" * 300, "x" * 60),
        ("NUL\x00\n", "nul"),
    ],
)
def test_a_slug_is_a_name_for_terraform_and_for_files(name: str, expected: str) -> None:
    assert slug(name) == expected
    assert re.fullmatch(r"[a-z][a-z0-9_]*", slug(name))


def test_collisions_get_their_ids() -> None:
    names = {1: "Chrome", 2: "chrome!", 3: "Firefox"}
    assert unique_slugs(names) == {1: "chrome_1", 2: "chrome_2", 3: "firefox"}


def test_a_suffix_that_collides_with_a_natural_name_is_resolved() -> None:
    slugs = unique_slugs({2: "a", 3: "a", 5: "a 2", 7: "a_3_3"})
    assert len(set(slugs.values())) == 4
    assert slugs[5] != slugs[2]


def test_slugs_do_not_depend_on_the_order_and_are_unique() -> None:
    draw = random.Random(4)
    for _ in range(200):
        names = {
            number: draw.choice(["a", "A!", "a 1", "a_2", "a_1_1", "b", "", "x" * 70]) for number in range(1, 9)
        }
        shuffled = list(names.items())
        draw.shuffle(shuffled)
        slugs = unique_slugs(names)
        assert unique_slugs(dict(shuffled)) == slugs
        assert len(set(slugs.values())) == len(names)
