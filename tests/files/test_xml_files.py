"""XML from strangers: what makes it dangerous is refused in a sentence, in any encoding."""

from __future__ import annotations

import time

import pytest

from patrol_core.errors import InputError
from patrol_core.files import xml_files
from patrol_core.files.xml_files import kind_of_xml, local, read_xml

BOMB = "<!DOCTYPE a [<!ENTITY x 'y'><!ENTITY z '&x;&x;&x;&x;'>]><a>&z;</a>"


def test_a_tree_is_read_with_or_without_namespaces():
    root = read_xml("f", b'<gpx xmlns="http://example.org/1"><trk/></gpx>')
    assert [local(child.tag) for child in (root, *root)] == ["gpx", "trk"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BOMB.encode(), "DOCTYPE"),
        (f"<?xml version='1.0' encoding='utf-16'?>{BOMB}".encode("utf-16"), "DOCTYPE"),
        (b"<!-- about it --><!DOCTYPE a SYSTEM 'http://example.org/a.dtd'><a/>", "DOCTYPE"),
        (b"<a><b></a>", "f line 1: the XML is cut off or damaged"),
        (b"<a>\n<b>", "f line 2"),
        (b"<a>&nothing;</a>", "cut off or damaged"),
        (b"<?xml version='1.0' encoding='nothing'?><a/>", "encoding"),
    ],
)
def test_what_is_dangerous_or_damaged_is_one_sentence(data, words):
    with pytest.raises(InputError, match=words):
        read_xml("f", data)


def test_sizes_are_limited(monkeypatch):
    monkeypatch.setattr(xml_files, "MOST_ELEMENTS", 10)
    with pytest.raises(InputError, match="more than 10 elements"):
        read_xml("f", b"<a>" + b"<b/>" * 30 + b"</a>")
    monkeypatch.setattr(xml_files, "MOST_BYTES", 2)
    with pytest.raises(InputError, match="larger than"):
        read_xml("f", b"<a/>")


def test_the_kind_is_told_by_the_root_and_many_comments_take_no_time():
    assert kind_of_xml("f", b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- <kml> --> <ns:GPX>") == "gpx"
    started = time.perf_counter()
    assert kind_of_xml("f", b"<!---->" * 2800) == "something else"
    assert time.perf_counter() - started < 5
    with pytest.raises(InputError, match="DOCTYPE"):
        kind_of_xml("f", BOMB.encode())
