"""Sets: which elements are the same, and in which order the state lists them."""

from plugins.resource_docker.container_fields import FIELDS
from plugins.resource_docker.schema import boolean, collection, labels, string
from plugins.resource_docker.sets import as_sent, identity, in_order

MOUNTS = collection({"target": string(), "source": string(), "readOnly": boolean()})


def test_texts_are_ordered_by_their_bytes_and_occur_once():
    assert in_order(["b", "a", "Z", "b", "ä"]) == ["Z", "a", "b", "ä"], "the state of two machines would differ"


def test_objects_are_ordered_by_their_values_in_the_order_of_their_property_names():
    entries = [{"label": "tier", "value": "a"}, {"label": "empty", "value": ""}, {"label": "tier", "value": "Z"}]
    ordered = [entry["label"] + entry["value"] for entry in in_order(entries)]
    assert ordered == ["empty", "tierZ", "tiera"], "paths such as labels[1] would name other elements than the official ones"


def test_unset_and_empty_texts_make_no_difference_but_unset_and_false_do():
    unset, empty = {"target": "/a"}, {"target": "/a", "source": ""}
    assert identity(MOUNTS, unset) == identity(MOUNTS, empty), "an empty source is no source"
    assert identity(MOUNTS, {**unset, "readOnly": False}) != identity(MOUNTS, unset), "the diff tells null from false"


def test_a_programs_element_equals_the_one_read_back_with_zeros():
    given, read = {"target": "/a"}, {"target": "/a", "source": "", "readOnly": False}
    assert identity(MOUNTS, given, zero=True) == identity(MOUNTS, read, zero=True), "every refresh would end in an update"


def test_the_order_of_a_nested_set_does_not_count():
    networks = collection({"name": string(), "aliases": collection()})
    one, other = {"name": "n", "aliases": ["a", "b"]}, {"name": "n", "aliases": ["b", "a"]}
    assert identity(networks, one) == identity(networks, other), "aliases have no order"


def test_labels_differ_by_value():
    known = labels()
    assert identity(known, {"label": "a", "value": "1"}) != identity(known, {"label": "a", "value": "2"}), "a change was lost"


def test_docker_gets_texts_in_the_order_of_their_hashes():
    sent = as_sent(FIELDS, {"dns": ["1.0.0.1", "8.8.4.4", "8.8.8.8"], "command": ["b", "a"], "envs": None})
    assert sent["dns"] == ["8.8.4.4", "8.8.8.8", "1.0.0.1"], "the first server is the one that is asked"
    assert (sent["command"], sent["envs"]) == (["b", "a"], None), "only sets have no order of their own"


def test_docker_gets_objects_in_the_order_of_their_hashes():
    zero = {"hostPath": "/dev/zero", "containerPath": "", "permissions": "rwm"}
    null = {"hostPath": "/dev/null", "containerPath": "/dev/x", "permissions": "rwm"}
    assert as_sent(FIELDS, {"devices": [zero, null]})["devices"] == [null, zero], "as the official provider sends them"
