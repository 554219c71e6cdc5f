"""Whether a CI server can read a report: by the schema, and by counts that say what the cases say."""

from pathlib import Path
from xml.etree import ElementTree

import xmlschema

SCHEMA = xmlschema.XMLSchema(Path(__file__).with_suffix(".xsd"))


def accept(text: str) -> ElementTree.Element:
    """The root of a JUnit report; raises where it breaks the schema, or its counts differ from its cases."""
    SCHEMA.validate(text)
    root = ElementTree.fromstring(text)
    for suite in root.findall("testsuite"):
        for count, what in (("tests", "testcase"), ("failures", "testcase/failure"), ("errors", "testcase/error")):
            found = len(suite.findall(what))
            assert int(suite.get(count, "-1")) == found, f"{suite.get('name')}: {count} is {suite.get(count)}, in it are {found}"
    return root
