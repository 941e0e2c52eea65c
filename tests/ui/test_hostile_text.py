"""Text from links, files and data is shown as it is: no link, image, icon or formula is drawn of it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from patrol_core.ui.checkpoints.view import TABS as CHECKPOINT_TABS
from patrol_core.ui.compare import TABS as COMPARE_TABS
from patrol_core.ui.events.view import TABS as EVENT_TABS
from patrol_core.ui.fairness import tabs as fairness_tabs
from patrol_core.ui.forecast.tabs import TABS as FORECAST_TABS
from patrol_core.ui.lab.tabs import TABS as LAB_TABS
from patrol_core.ui.plan.tabs import TABS as PLAN_TABS
from patrol_core.ui.risk.tabs import TABS as RISK_TABS
from patrol_core.ui.rosters.tabs import OPEN
from patrol_core.ui.rosters.tabs import TABS as ROSTER_TABS
from patrol_core.ui.session import escaping, state
from patrol_core.ui.shell import charts
from patrol_core.ui.shell.navigation import PAGES
from tests.ui import hostile

ROOT = Path(__file__).resolve().parents[2]
UI = ROOT / "patrol_core" / "ui"
PLAIN = {
    "selectbox.options",
    "selectbox.raw_value",  # the option that is chosen
    "multiselect.options",
    "text_input.value",
    "text_input.default",
    "text_area.default",
    "plotly_chart.alt",  # an attribute for readers of the screen
}
"""Fields that the browser draws as plain text."""
OWN_PARTS = {"component_instance", "spec", "json", "arrow_data_frame", "id", "user_key", "markdown_id"}
"""Parts that are no Markdown; charts are looked at by themselves."""
TABS: dict[str, tuple[str, tuple[str, ...]]] = {
    "data": ("", ()),
    "risk": ("_risk_tabs", tuple(RISK_TABS)),
    "forecast": ("_forecast_tabs", tuple(FORECAST_TABS)),
    "plan": ("_plan_tabs", PLAN_TABS),
    "fairness": ("_fair_tabs", tuple(fairness_tabs.TABS)),
    "compare": ("_compare_tabs", tuple(COMPARE_TABS)),
    "rosters": (OPEN, tuple(ROSTER_TABS)),
    "start": ("", ()),
    "routes": ("", ()),
    "lab": ("", ()),
}


# -- the function --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("![x](http://a.b/c)", "!\\[x\\](http\u2060://a.b/c)"),
        ("see https://a.b now", "see https\u2060://a.b now"),
        ("WWW.a.b", "WWW\u2060.a.b"),
        ("x@a.b", "x@\u2060a.b"),
        (":smile: :material/home:", "\\:\u2060smile: \\:\u2060material/home:"),
        (":red[x] ::note", "\\:\u2060red\\[x\\] \\:\\:\u2060note"),
        (
            "$x^2$ `c` <b> &amp; **b** _i_ __u__ ~s~",
            "\\$x^2\\$ \\`c\\` \\<b\\> \\&amp; \\*\\*b\\*\\* \\_i\\_ \\_\\_u\\_\\_ \\~s\\~",
        ),
        ("one\n\n# two\r\n\u2028- three\t4", "one # two - three 4"),
        ("- item", "\\- item"),
        ("---", "\\---"),
        ("# head", "\\# head"),
        ("1. one", "1\\. one"),
        ("  12) one", " 12\\) one"),
        ("1.5 units", "1.5 units"),
        ("back\\slash", "back\\\\slash"),
        ("a\u202eb\x00c\u2066d", "abcd"),
        ("18:30 to 19:05", "18:30 to 19:05"),
        ("2024-05", "2024-05"),
        ("No plan keeps all rules: residual-parity within 0.05 & cell_m is off by -3.", None),
        ("The link's from='2024-13' (from_month) was not taken; give YYYY-MM, not 1e-3 - or +2.", None),
        (ValueError("a * b"), "a \\* b"),
        ("", ""),
    ],
)
def test_escape_by_hand(text, safe):
    assert escaping.escape(text) == (text if safe is None else safe)


def test_a_badge_escapes_its_own_brackets():
    assert escaping.escape_badge("[a](http://b)*") == "[a](http\u2060://b)\\*"


def test_charts_draw_no_links_of_data():
    link = "<a href='http://a.b'>x</a>"
    given = go.Figure(
        [go.Bar(x=[link, "<b>own</b>"], y=[1, 2], name=link, hovertemplate=link + "<extra></extra>")],
        {
            "title": {"text": f"one<br><sup>{link}</sup>"},
            "annotations": [{"text": "<img src=x><span style='x'>"}],
        },
    )
    given.add_bar(x=np.array([link, "b"], dtype=object), customdata=np.array([[link], ["c"]], dtype=object))
    text = json.dumps(json.loads(charts.tame(given).to_json()))
    assert "<a" not in text
    assert "<img" not in text
    assert "<span" not in text
    for own in ("<b>own</b>", "one<br><sup>", "<extra></extra>", "&lt;a href"):
        assert own in text
    assert list(given.data[0].x) == [link, "<b>own</b>"]  # the figure given is not changed
    plain = go.Figure(go.Bar(x=["a"], y=[1]))
    assert charts.tame(plain) is plain


# -- what is sent --------------------------------------------------------------------------------------


def strings(message: Message, path: str) -> Iterator[tuple[str, str]]:
    """Every text of a message with where it stands, parts that are no Markdown left out."""
    for field, value in message.ListFields():
        if field.name in OWN_PARTS:
            continue
        here = f"{path}.{field.name}"
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                yield from strings(one, field.name)
            elif isinstance(one, str):
                yield here, one


def nodes(node: Any) -> Iterator[Any]:
    yield node
    for child in getattr(node, "children", {}).values():
        yield from nodes(child)


def drawn(page: AppTest) -> list[str]:
    """Texts that the browser would draw links and images of; every one that holds a raw address is such."""
    found = []
    for node in nodes(page._tree):
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message) and getattr(node, "type", "") != "json":
            kind = getattr(node, "type", type(proto).__name__)
            found += [
                f"{where}: {text[:160]}"
                for where, text in strings(proto, str(kind))
                if where not in PLAIN
                and re.search(r"http://127|www\.\w|(?<!\\):material/home|(?<!\\)!\[", text)
            ]
            spec = getattr(getattr(proto, "plotly_chart", proto), "spec", "")
            if isinstance(spec, str) and re.search(r"<a |<img", spec):
                found.append(f"chart: {spec[:160]}")
    return found


def opened(page: str, **session: Any) -> AppTest:
    at = AppTest.from_file(str(ROOT / PAGES[page][0]), default_timeout=120)
    for key, value in session.items():
        at.session_state[key] = value
    return at.run()


@pytest.fixture(scope="module")
def place():
    return hostile.area()


@pytest.mark.parametrize("page", TABS)
def test_nothing_is_drawn_of_the_texts_of_files(page, place):
    scenario = state.make_scenario(
        {
            "area": place.key,
            "fairness": 0.4,
            "floor": 0.01,
            "offender": "types" if page == "plan" else "rational",
        }
    )
    key, tabs = TABS[page]
    at = opened(page, scenario=scenario, uploads={place.key: place}, zone="Z1")
    assert not at.exception
    assert drawn(at) == []
    for tab in tabs:
        at.session_state[key] = tab
        at.run()
        assert not at.exception, tab
        assert drawn(at) == [], tab


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_drawn_of_the_texts_of_a_link(page):
    at = AppTest.from_file(str(ROOT / PAGES[page][0]), default_timeout=120)
    for name in ("budget", "fair", "types", "groups", "gfloor", "weights", "zones", "from", "wardhs"):
        at.query_params[name] = hostile.words(name)
    at.run()
    assert not at.exception
    assert at.warning
    assert drawn(at) == []
    at = AppTest.from_file(str(ROOT / PAGES[page][0]), default_timeout=120)
    at.query_params["area"] = hostile.words("area")
    at.run()
    assert not at.exception
    assert drawn(at) == []


def event() -> bytes:
    names = [hostile.words(f"target{k}") for k in range(3)]
    return json.dumps(
        {
            "duration": 2.0,
            "resources": 1,
            "lambda": 0.7,
            "travel_time": [[0, 0.3, 0.5], [0.3, 0, 0.4], [0.5, 0.4, 0]],
            "targets": [{"id": name, "value": [[0, 3 + k], [2, 9 - 2 * k]]} for k, name in enumerate(names)],
        }
    ).encode()


def streets() -> tuple[tuple[str, bytes], ...]:
    names = [hostile.words(f"node{k}") for k in range(4)]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    edges = "from,to\n" + "".join(f"{quoted[a]},{quoted[b]}\n" for a, b in ((0, 1), (1, 2), (2, 3), (0, 2)))
    nodes = "id,x,y\n" + "".join(f"{name},{100 * k},{50 * (k % 2)}\n" for k, name in enumerate(quoted))
    title = hostile.words("roads").replace("/", "-")
    return ((f"edges {title}.csv", edges.encode()), (f"nodes {title}.csv", nodes.encode()))


def game() -> tuple[tuple[str, bytes], ...]:
    names = [hostile.words(f"place{k}") for k in range(3)]
    document = {
        "graph": {"nodes": names, "edges": [[names[0], names[1]], [names[1], names[2]]]},
        "timesteps": 2,
        "defenders": [{"bases": [names[0]]}],
        "targets": [{"node": names[1], "value": 4.0}, {"node": names[2], "value": 1.0}],
    }
    title = hostile.words("game").replace("/", "-")
    return ((f"{title}.json", json.dumps(document).encode()),)


OWN: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "events": (
        "_event_tabs",
        EVENT_TABS,
        {"_event_source": "file", "event_drawn_file": (("event.json", event()),)},
    ),
    "checkpoints": (
        "_checkpoint_tabs",
        CHECKPOINT_TABS,
        {"_checkpoint_network": "file", "checkpoint_files": streets(), "_checkpoint_count": 1},
    ),
    "routes": ("_lab_tabs", LAB_TABS, {"_lab_source": "own", "lab_files": {"own": game()}}),
}


@pytest.mark.parametrize("page", OWN)
def test_nothing_is_drawn_of_the_texts_of_documents(page):
    key, tabs, session = OWN[page]
    at = opened(page, **session)
    assert at.metric, [error.value for error in at.error]  # it is solved
    for tab in tabs:
        at.session_state[key] = tab
        at.run()
        assert not at.exception, tab
        assert drawn(at) == [], tab


# -- no other way --------------------------------------------------------------------------------------


def test_charts_are_drawn_in_one_place():
    for file in (*UI.glob("*.py"), *(ROOT / "pages").glob("*.py")):
        if file.name != "charts.py":
            assert ".plotly_chart(" not in file.read_text(encoding="utf-8"), file.name


def test_faults_and_unsafe_html_are_drawn_escaped():
    """Messages quote what was given; none is drawn as it is, and no HTML is let through."""
    bare = re.compile(r"\.(error|warning|info|success|toast|caption|write|markdown)\(\s*(f\"\{)?str\(error\)")
    for file in (*UI.glob("*.py"), *(ROOT / "pages").glob("*.py")):
        text = file.read_text(encoding="utf-8")
        assert "unsafe_allow_html" not in text, file.name
        assert not bare.search(text), file.name
        ast.parse(text)
