import base64

import pytest

from ops.tests.canary import scan

SECRET = 'k3y/with+odd"bytes\\and~more'


@pytest.mark.parametrize("before", [b"", b"a", b"ab", b"abc"])
@pytest.mark.parametrize("after", [b"", b"x", b"xy"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_is_found_at_every_alignment(before, after, encode):
    content = b"<<" + encode(before + SECRET.encode() + after) + b">>"
    assert scan({"key": SECRET}, [("here", content)]), "a secret inside something longer must be seen"


def test_other_forms_are_found_and_an_innocent_text_is_not():
    for content in (SECRET, '"k3y/with+odd\\"bytes\\\\and~more"', SECRET.encode().hex(), "k3y%2Fwith%2Bodd%22bytes%5Cand~more"):
        assert scan({"key": SECRET}, [("here", content.encode())]), content
    assert not scan({"key": SECRET}, [("here", b"k3y with odd bytes and more")])


def test_a_finding_never_repeats_the_secret():
    assert SECRET not in repr(scan({"key": SECRET}, [("here", SECRET.encode())]))
