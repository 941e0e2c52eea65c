"""The last touch of every chart: title off, months thinned, long names wrapped, a name for those who do not see it; contrast of both themes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import plotly.graph_objects as go
import pytest

from patrol_core.figures.charts.base import bars, chart, line, search_bounds
from patrol_core.figures.layout import lay_out, plain, spoken
from patrol_core.figures.palette import DARK, EDGE, GRID, INK, QUIET, STREET, UNKNOWN

THEME = tomllib.loads((Path(__file__).resolve().parents[2] / ".streamlit/config.toml").read_text())["theme"]
MONTHS = [f"{year}-{month:02d}" for year in (2023, 2024, 2025) for month in range(1, 13)]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_and_white_is_known():
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("kind", ["light", "dark"])
def test_texts_reach_aa_on_every_ground_of_their_theme(kind):
    theme = THEME[kind]
    grounds = [theme["backgroundColor"], theme["secondaryBackgroundColor"], *theme["sidebar"].values()]
    own = {colour: colour if kind == "light" else DARK[colour] for colour in (INK, EDGE, QUIET)}
    for ground in grounds:
        for text in (theme["textColor"], theme["linkColor"], theme["primaryColor"], *own.values()):
            assert contrast(text, ground) >= 4.5, (text, ground)


def test_dark_twins_stand_out_from_the_dark_ground_and_paper_stays_quiet():
    ground = THEME["dark"]["backgroundColor"]
    for light, dark in DARK.items():
        if light in (GRID, STREET, UNKNOWN):
            continue  # lines and grounds that must not compete with what is drawn on them
        assert contrast(dark, ground) >= 3.0, (light, dark)


def test_title_comes_off_and_its_room_goes_to_the_drawing():
    figure = chart("Harm left<br><sup>crimes &amp; more</sup>", "units", "crimes")
    line(figure, [0, 1], [2, 3], INK, None, name="the plan")
    assert lay_out(figure) == ("Harm left", "crimes & more")
    assert figure.layout.title.text is None
    assert figure.layout.margin.t < 48
    assert spoken(figure, "Harm left") == "Chart: Harm left; across: units; up: crimes; shown: the plan"


def test_months_are_thinned_and_the_year_stands_where_it_changes():
    figure = chart("", "", "", category="x")
    bars(figure, MONTHS, list(range(36)), INK, "%{y}")
    lay_out(figure)
    assert list(figure.layout.xaxis.tickvals) == MONTHS[::6]
    assert list(figure.layout.xaxis.ticktext) == [
        "Jan<br>2023", "Jul", "Jan<br>2024", "Jul", "Jan<br>2025", "Jul",
    ]  # fmt: skip


def test_categories_that_are_no_months_stay():
    figure = chart("", "", "", category="x")
    bars(figure, ["2023-13", "2024-01"], [1, 2], INK, "%{y}")
    lay_out(figure)
    assert figure.layout.xaxis.tickvals is None


def test_long_names_of_rows_and_axes_wrap_and_lose_no_word():
    name = "XGBoost and Poisson regression together"
    figure = chart("", "patrol per head of groups may differ by at most", "")
    bars(figure, [name, "short"], [1, 2], INK, "%{y}", sideways=True)
    lay_out(figure)
    for text, given in (
        (figure.layout.yaxis.ticktext[0], name),
        (figure.layout.xaxis.title.text, "patrol per head of groups may differ by at most"),
    ):
        assert "<br>" in text
        assert text.replace("<br>", " ") == given


def test_a_chart_without_anything_is_still_named():
    figure = go.Figure()
    assert lay_out(figure) == ("", "")
    assert spoken(figure, "") == "Chart: drawing"
    assert plain("<b>a</b> &lt;b&gt;") == "a <b>"


def test_a_search_that_closed_at_once_says_so():
    one = search_bounds([(0.5, 1.0, 1.0)], unit="loss", names=("low", "high"), number=".2f")
    assert "0.50 s" in one.layout.annotations[0].text
    two = search_bounds([(0.5, 1.0, 2.0), (1.0, 1.5, 1.5)], unit="loss", names=("low", "high"), number=".2f")
    assert not two.layout.annotations


def test_the_sheet_maps_colours_as_browsers_write_them():
    from patrol_core.ui.shell.style import SHEET

    assert f"stroke: light-dark({INK}, {DARK[INK]})" in SHEET
    assert '[style*="fill: rgb(31, 41, 51)"]' in SHEET
    assert re.search(r"@media print", SHEET)
