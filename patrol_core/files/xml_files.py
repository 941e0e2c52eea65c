"""XML that somebody gave, under limits: no document type (and so no entities), bounded size."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from patrol_core.errors import InputError

MOST_BYTES = 300 * 2**20
MOST_ELEMENTS = 5_000_000
_ROOT = re.compile(rb"\s*(?:<\?xml[^>]*\?>)?\s*(?:<!--(?:(?!-->).)*-->\s*)*<(?:\w+:)?(\w+)", re.DOTALL)
_DOCTYPE = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
NO_DOCTYPE = "has a DOCTYPE, which such files do not need; export it again without"
_HEAD = 20_000


class _Refused(Exception):
    """Why an XML file is not read on."""


class _Builder(ET.TreeBuilder):
    """A tree that refuses a document type: expat hands it over before any of its entities is used."""

    def doctype(self, *_: str | None) -> None:
        """Stop, whatever the document type holds."""
        raise _Refused(NO_DOCTYPE)


def is_xml(data: bytes) -> bool:
    """Whether content begins as XML does."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def kind_of_xml(name: str, data: bytes) -> str:
    """Name of the root, in lower case, by the first bytes of the file; ``something else`` where there is none.

    Raises:
        InputError: When a document type comes before it.
    """
    head = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:_HEAD]
    found = _ROOT.match(head)
    if _DOCTYPE.search(head, 0, found.start(1) if found else len(head)):
        raise InputError(f"{name} {NO_DOCTYPE}.")
    return found.group(1).lower().decode() if found else "something else"


def read_xml(name: str, data: bytes) -> ET.Element:
    """The root of an XML file.

    Args:
        name: Of the file, for messages.
        data: Its content.

    Raises:
        InputError: When it is damaged (the line is named), too large or has a document type.
    """
    if len(data) > MOST_BYTES:
        raise InputError(f"{name} is larger than {MOST_BYTES >> 20} MiB; cut out your area.")
    if data.count(b"<") > 2 * MOST_ELEMENTS:
        raise InputError(f"{name} holds more than {MOST_ELEMENTS:,} elements; cut out your area.")
    parser = ET.XMLParser(target=_Builder())  # noqa: S314 - the builder refuses what makes XML dangerous
    try:
        parser.feed(data)
        root: ET.Element = parser.close()
    except _Refused as error:
        raise InputError(f"{name} {error}.") from None
    except ET.ParseError as error:
        raise InputError(
            f"{name} line {error.position[0]}: the XML is cut off or damaged; export it again."
        ) from None
    except (ValueError, LookupError):  # an encoding that is not known, or text that is not in it
        raise InputError(f"{name} is XML in an encoding that cannot be read; save it as UTF-8.") from None
    return root


def local(tag: object) -> str:
    """Name of an element without its namespace, in lower case; empty for comments."""
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
