"""The calendar is read back by an independent reader of RFC 5545, and says what the roster says."""

from __future__ import annotations

import datetime as dt
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patrol_core.allocation.deployments.sampling import decompose, draw_roster
from patrol_core.errors import InputError
from patrol_core.reports.icalendar import escaped, folded, nights_from, roster_table, to_icalendar

FIRST = dt.date(2026, 2, 27)
NAMES = {"a": "Old Town, north; \\ side", "b": "Ünder der Brücke " + "é" * 60, "c": "c"}
UNESCAPED = {"\\\\": "\\", "\\;": ";", "\\,": ",", "\\n": "\n", "\\N": "\n"}


def read(data: bytes) -> tuple[dict[str, str], list[dict[str, str]]]:
    """A strict little reader: lines, folding, names, parameters, nesting and escapes by the standard."""
    assert data.endswith(b"\r\n")
    physical = data[:-2].split(b"\r\n")
    for line in physical:
        assert line
        assert len(line) <= 75
        assert b"\r" not in line
        assert b"\n" not in line
        line.decode("utf-8")  # a fold never cuts a character
    logical: list[bytes] = []
    for line in physical:
        if line[:1] in (b" ", b"\t"):
            logical[-1] += line[1:]
        else:
            logical.append(line)
    calendar: dict[str, str] = {}
    events: list[dict[str, str]] = []
    inside: list[str] = []
    for line in logical:
        found = re.fullmatch(r"([A-Z-]+)((?:;[A-Z-]+=[^;:\",]+)*):(.*)", line.decode("utf-8"))
        assert found, line
        name, parameters, value = found.groups()
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value)
        if name == "BEGIN":
            inside.append(value)
            if value == "VEVENT":
                assert inside == ["VCALENDAR", "VEVENT"]
                events.append({})
        elif name == "END":
            assert inside.pop() == value
        else:
            target = events[-1] if inside[-1] == "VEVENT" else calendar
            assert name not in target
            target[name + parameters] = text(value) if name in {"SUMMARY", "DESCRIPTION"} else value
    assert inside == []
    assert calendar["VERSION"] == "2.0"
    assert calendar["PRODID"]
    return calendar, events


def text(value: str) -> str:
    assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,nN])*", value), value
    return re.sub(r"\\[\\;,nN]", lambda found: UNESCAPED[found.group()], value)


def made(seed: int = 7, count: int = 20):
    deployments = decompose(("a", "b", "c"), np.array([0.7, 0.2, 0.3]))
    nights = nights_from(FIRST, count)
    roster = draw_roster(deployments, nights, seed)
    data = to_icalendar(roster, NAMES, nights=nights, title="Roster, one", identity=f"scenario-{seed}")
    return roster, nights, data


def test_by_hand():
    roster = pd.DataFrame({"shift": ["2026-01-31"], "draw": [4], "zone_id": ["a"], "units": [1]})
    data = to_icalendar(roster, {"a": "A, B"}, nights=["2026-01-31"], title="T", identity="i")
    lines = data.decode().split("\r\n")
    assert lines[:6] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//patrol-core//Patrol roster//EN",
        "CALSCALE:GREGORIAN",
        "X-WR-CALNAME:T",
        "BEGIN:VEVENT",
    ]
    assert re.fullmatch("UID:[0-9a-f]{32}", lines[6])
    assert lines[7:] == [
        "DTSTAMP:20260131T000000Z",
        "DTSTART;VALUE=DATE:20260131",
        "DTEND;VALUE=DATE:20260201",
        "SUMMARY:Patrol: 1 zone",
        "DESCRIPTION:Deployment 4\\nA\\, B (a)",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_every_night_is_an_all_day_event_with_its_zones():
    roster, nights, data = made()
    _, events = read(data)
    assert len(events) == len(nights) == 20
    assert len({event["UID"] for event in events}) == 20
    for night, event in zip(nights, events, strict=True):
        start = dt.datetime.strptime(event["DTSTART;VALUE=DATE"], "%Y%m%d").date()  # noqa: DTZ007 (a date)
        end = dt.datetime.strptime(event["DTEND;VALUE=DATE"], "%Y%m%d").date()  # noqa: DTZ007
        assert start.isoformat() == night
        assert end - start == dt.timedelta(days=1)
        assert re.fullmatch(r"\d{8}T\d{6}Z", event["DTSTAMP"])
        rows = roster[roster["shift"] == night]
        words = event["DESCRIPTION"].split("\n")
        if rows.empty:
            assert event["SUMMARY"] == "No patrol"
            continue
        assert words[0] == f"Deployment {rows['draw'].iloc[0]}"
        wanted = [zone if NAMES[zone] == zone else f"{NAMES[zone]} ({zone})" for zone in rows["zone_id"]]
        assert words[1:] == wanted


def test_same_seed_same_bytes_other_seed_other_events():
    assert made(3)[2] == made(3)[2]
    first, second = read(made(3)[2])[1], read(made(4)[2])[1]
    assert not {event["UID"] for event in first} & {event["UID"] for event in second}


def test_a_longer_roster_keeps_its_first_nights():
    assert read(made(3, 30)[2])[1][:20] == read(made(3, 20)[2])[1]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_name_survives(name):
    roster = pd.DataFrame({"shift": ["2026-01-31"], "draw": [1], "zone_id": ["zone"], "units": [1]})
    data = to_icalendar(roster, {"zone": f"x{name}"}, nights=["2026-01-31"], title=name, identity="i")
    _, events = read(data)
    plain = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", re.sub("\r\n|\r", "\n", name))
    assert events[0]["DESCRIPTION"] == f"Deployment 1\nx{plain} (zone)"


@pytest.mark.parametrize("length", [74, 75, 76, 149, 150, 151])
def test_folding_at_the_octet(length):
    data = folded("a" * length)
    lines = data[:-2].split(b"\r\n")
    assert lines[0] == b"a" * min(75, length)
    assert b"".join([lines[0], *(line[1:] for line in lines[1:])]) == b"a" * length
    assert len(lines) == 1 + max(0, -(-(length - 75) // 74))


def test_escapes():
    assert escaped("a\\b;c,d\r\ne\rf\x07\tg") == "a\\\\b\\;c\\,d\\ne\\nf\tg"


def test_units_are_said_where_a_zone_has_more_than_one():
    roster = draw_roster(decompose(("a", "b"), [2.0, 1.0]), ["2026-01-31"], seed=1)
    data = to_icalendar(roster, {"a": "North"}, nights=["2026-01-31"], title="T", identity="i")
    event = read(data)[1][0]
    assert event["SUMMARY"] == "Patrol: 3 units in 2 zones"
    assert event["DESCRIPTION"] == "Deployment 1\nNorth (a): 2 units\nb"


def test_table_has_dates_and_names():
    roster, _, _ = made()
    table = roster_table(roster, {"a": "A", "b": ""})
    assert list(table) == ["date", "draw", "zone_id", "name", "units"]
    assert set(table["name"]) == {"A", "b", "c"}
    assert table["date"].str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    assert len(table) == len(roster)


@pytest.mark.parametrize(
    ("nights", "words"),
    [
        ([], "no nights"),
        (["night 01"], "'night 01' is not a date"),
        (["2026-01-31", "2026-01-31"], "comes twice"),
        (["2026-02-01"], "'2026-01-31', which is not among its nights"),
        (["2026-01-31", "9999-12-31"], "no next day"),
    ],
)
def test_bad_nights(nights, words):
    roster = pd.DataFrame({"shift": ["2026-01-31"], "draw": [1], "zone_id": ["a"], "units": [1]})
    with pytest.raises(InputError, match=words):
        to_icalendar(roster, {}, nights=nights, title="T", identity="i")


def test_bad_count():
    with pytest.raises(InputError, match="at least 1"):
        nights_from(FIRST, 0)
    with pytest.raises(InputError, match="9999"):
        nights_from(dt.date(9999, 12, 30), 5)
