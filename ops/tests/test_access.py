"""Where a test finds the platform: options before environment before the stack, and an unset address is an error."""

import json

import pytest

from ops import access as module
from ops.access import AccessError, find_access, parse_base_url, read_stack


def pulumi(outputs, **config):
    def run(*words):
        return json.dumps(outputs) if words[:2] == ("stack", "output") else config[words[2]] + "\n"

    return run


def test_no_address_is_an_error_that_says_what_to_type():
    with pytest.raises(AccessError, match=r"--base-url .* --stack .* STOCK_TRACKER_URL"):
        find_access(environment={})


@pytest.mark.parametrize(
    "text", ["127.0.0.1:8080", "ftp://x", "http://", "http://h:port", "http://a/b", "http://u:p@h", "http://h:99999"]
)
def test_a_wrong_address_is_refused(text):
    with pytest.raises(AccessError, match="expected http://"):
        parse_base_url(text)


def test_addresses_of_page_and_socket_agree():
    access = find_access("https://stock.example/", environment={}, client_key_file=None)
    assert (access.base_url, access.stream_url) == ("https://stock.example", "wss://stock.example/ws")


def test_an_option_wins_over_the_environment(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).write_text(f"key-{name}\n")
    environment = {module.URL: "http://a:1", module.CLIENT_KEY_FILE: str(tmp_path / "one"), module.EXPECT_RELEASE: "r1"}
    access = find_access("http://b:2", client_key_file=str(tmp_path / "two"), environment=environment)
    assert (access.base_url, access.client_key, access.expected_release) == ("http://b:2", "key-two", "r1")
    assert find_access(environment=environment).client_key == "key-one"


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_an_unreadable_or_empty_key_is_an_error(tmp_path, content):
    if content is not None:
        (tmp_path / "key").write_text(content)
    with pytest.raises(AccessError, match="control key"):
        find_access("http://a:1", control_key_file=str(tmp_path / "key"), environment={})


def test_a_stack_gives_address_keys_and_release():
    access = read_stack("s", pulumi({"url": "http://127.0.0.1:8081", "release": "r9"}, clientKey="ck", controlKey="xk"))
    assert (access.base_url, access.client_key, access.control_key) == ("http://127.0.0.1:8081", "ck", "xk")
    assert (access.expected_release, access.stack) == ("r9", "s")


def test_keys_do_not_show_in_a_printed_access():
    access = read_stack("s", pulumi({"url": "http://a:1"}, clientKey="sesame", controlKey="mellon"))
    assert "sesame" not in repr(access), "a traceback would print the key"
    assert "mellon" not in repr(access), "a traceback would print the key"


def test_a_stack_that_is_not_up_is_an_error_with_the_command_that_helps():
    with pytest.raises(AccessError, match=r"\./pulumiw up --stack s"):
        read_stack("s", pulumi({}))


def test_the_environments_stack_is_asked_only_where_no_address_is_given(monkeypatch):
    asked = []

    def read(stack):
        asked.append(stack)
        return module.Access("http://s:1")

    monkeypatch.setattr(module, "read_stack", read)
    assert find_access(environment={module.STACK: "s"}).base_url == "http://s:1"
    environment = {module.STACK: "s", module.URL: "http://a:1", module.CLIENT_KEY_FILE: __file__}
    assert find_access(environment=environment).base_url == "http://a:1"
    assert asked == ["s"], "a test of another platform must not need this checkout's stack"
