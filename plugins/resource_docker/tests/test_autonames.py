"""Names for resources that a program leaves unnamed."""

import re

from plugins.resource_docker.autonames import autoname


def test_a_name_is_the_logical_name_and_seven_hex_digits():
    assert re.fullmatch(r"api-[0-9a-f]{7}", autoname("api", b"seed")), "tools that know Pulumi's names look for this form"


def test_the_engines_seed_decides_the_name():
    assert autoname("api", b"seed") == autoname("api", b"seed"), "the engine repeats a step with its seed"
    assert autoname("api", b"seed") != autoname("api", b"other"), "a replacement would collide with the old one"
    assert autoname("api", b"seed")[-7:] != autoname("web", b"seed")[-7:], "names would look related that are not"


def test_without_a_seed_names_are_random():
    assert autoname("api", b"") != autoname("api", b""), "two containers would get one name"
