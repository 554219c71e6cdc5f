"""Which containers are a stack's, and what they publish."""

from types import SimpleNamespace

from ops.containers import of_stack, port_of, published


def container(service, stack, *bindings):
    ports = {f"{i}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}] for i, port in enumerate(bindings)}
    return SimpleNamespace(
        labels={"stk.service": service, "stk.stack": stack}, attrs={"NetworkSettings": {"Ports": ports | {"9/tcp": None}}}
    )


def test_the_stack_is_that_of_the_edge_on_the_port_asked():
    mine, others = container("edge", "a", 8080), container("edge", "b", 8081)
    api, other_api = container("api", "a"), container("api", "b", 5000)
    found = of_stack([others, other_api, api, mine], 8080, None)
    assert found == [api, mine], "another stack beside ours is not ours to judge"
    assert of_stack([api, mine], 9999, None) == [], "no edge on that port: nothing is known, and that must fail"


def test_a_published_port_is_seen():
    assert published(container("redis", "a", 6379)) == ["127.0.0.1:6379"]
    assert published(container("redis", "a")) == []


def test_the_port_of_an_address():
    assert [port_of(url) for url in ("http://a:8080", "http://a", "https://a")] == [8080, 80, 443]
