"""The table of choices: complete, unique, and the same through URL, command line and back."""

from __future__ import annotations

import re
from typing import get_args, get_type_hints

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from patrol_core.cli import build_parser
from patrol_core.cli.options import FLAGS, NULLABLE, scenario_of
from patrol_core.errors import InputError
from patrol_core.scenario import Scenario, choices, from_query, make_scenario

TABLE = choices()
HINTS = get_type_hints(Scenario)
NUMBERS = [name for name, row in TABLE.items() if row.low is not None or row.high is not None]
MONTHS = st.builds(lambda year, month: f"{year}-{month:02d}", st.integers(2010, 2030), st.integers(1, 12))
WORDS = st.text("abcdefgh -'ABC", min_size=1, max_size=12).filter(lambda text: text.strip("- ") == text)


def level(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_subnormal=False) | st.sampled_from([low, high])


def any_value(name: str) -> st.SearchStrategy[object]:
    """Values of a choice from its row of the table and its type; a new choice needs no line here."""
    row, kind = TABLE[name], HINTS[name]
    words = [value for part in (kind, *get_args(kind)) for value in get_args(part) if isinstance(value, str)]
    if words and row.low is None and not row.name.endswith("_month"):
        return st.sampled_from([*words, row.default])
    if isinstance(row.default, bool):
        return st.booleans()
    if isinstance(row.default, str):
        return st.just(row.default) | WORDS
    if name in ("group_floor", "group_cap", "ward_table", "borough_table"):
        levels = st.dictionaries(WORDS, st.integers(0, 400).map(lambda steps: steps / 8), max_size=3)
        return levels.map(lambda chosen: tuple(f"{group}={value:g}" for group, value in chosen.items()))
    if name == "own_weights":
        weights = st.dictionaries(WORDS, level(0, 1e9), max_size=3)
        return weights.map(lambda found: tuple(f"{kind}={weight!r}" for kind, weight in found.items()))
    if isinstance(row.default, tuple):
        return st.lists(WORDS, max_size=3, unique=True).map(tuple)
    assert row.low is not None, name
    assert row.high is not None, name
    if isinstance(row.default, int):
        return st.integers(int(row.low), int(row.high))
    numbers = level(row.low + (0.01 if row.above_low else 0), row.high)
    return st.none() | numbers if row.default is None or name in NULLABLE else numbers


@st.composite
def scenarios(draw) -> Scenario:
    """Any valid scenario; months and daily hours in their order, one way to say what there is."""
    values = {name: draw(any_value(name)) for name in TABLE}
    said = draw(st.sampled_from(["budget", "month_hours", "officers"]))
    for name, most in (("month_hours", 0.99e5 * 365 / 12 * values["hours_a_day"]), ("officers", 1e4)):
        values[name] = draw(level(0, min(most, TABLE[name].high))) if name == said else None
    if said == "officers":
        values |= {"contract_hours": draw(level(1, 168)), "hours_a_day": draw(level(1, 24))}
        # officers who work all hours of the week, each a unit of one, make no more units than can be planned for
        values["officers"] = min(values["officers"], 0.99e5 * values["hours_a_day"] / 24)
    if values["response"] == "several":
        values["effectiveness"] = min(values["effectiveness"], 0.99)
    first, last = sorted([draw(MONTHS), draw(MONTHS)])
    values["from_month"], values["to_month"] = (
        draw(st.sampled_from(["", first])),
        draw(st.sampled_from(["", last])),
    )
    values["min_per_day"], values["max_per_day"] = sorted([draw(level(0, 24)), draw(level(0.01, 24))])
    return make_scenario(values)


# -- the table ------------------------------------------------------------------------------------


def test_every_choice_has_its_row():
    assert list(TABLE) == list(Scenario.model_fields)
    for name, row in TABLE.items():
        assert row.name == name
        assert row.label
        assert row.help.rstrip().endswith((".", "?"))
        assert re.fullmatch(r"[a-z]+", row.url), name
        assert row.part in {"data", "game", "hours"}
        assert row.default == getattr(Scenario(), name)


def test_url_keys_labels_and_flags_are_unique():
    for values in (
        [row.url for row in TABLE.values()],
        [row.label for row in TABLE.values()],
        [row.flag for row in TABLE.values() if row.flag],
    ):
        assert len(set(values)) == len(values)


def test_every_number_has_both_bounds_and_a_default_between_them():
    for name, row in TABLE.items():
        numeric = isinstance(row.default, int | float) and not isinstance(row.default, bool)
        assert not numeric or name in NUMBERS, name
    for name in NUMBERS:
        row = TABLE[name]
        assert row.low is not None, name
        assert row.high is not None, name
        assert row.default is None or row.low <= row.default <= row.high


@pytest.mark.parametrize("name", NUMBERS)
def test_bounds_of_the_table_are_those_in_force(name):
    row = TABLE[name]
    assert row.low is not None
    assert row.high is not None
    room = {"min_per_day": 0.0} if name == "max_per_day" else {"max_per_day": 24.0}
    if name == "effectiveness":
        room["response"] = "linear"
    if name == "officers":
        room["crew"] = 10
    make_scenario({**room, name: row.high})
    for bad in (row.low - 1, row.high + 1, float("nan"), float("inf"), "many", True if row.low > 1 else "x"):
        with pytest.raises(InputError):
            make_scenario({**room, name: bad})
    if row.above_low:
        with pytest.raises(InputError, match="above"):
            make_scenario({name: row.low})
    else:
        make_scenario({**room, name: row.low})


# -- one sentence ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"budget": -1}, ["budget", "-1", "from 0 to 100,000 units"]),
        ({"budget": "abc"}, ["budget", "'abc'", "from 0 to 100,000 units"]),
        ({"budget": float("nan")}, ["budget", "nan"]),
        ({"effectiveness": 0}, ["effectiveness", "0", "above 0 and up to 1"]),
        ({"seed": 1.5}, ["seed", "1.5", "whole number", "2,147,483,647"]),
        ({"horizon": 13}, ["horizon", "13", "whole number from 1 to 12 months"]),
        ({"from_month": "2025-13"}, ["from_month", "2025-13", "YYYY-MM"]),
        ({"to_month": "May 2025"}, ["to_month", "May 2025", "YYYY-MM"]),
        ({"from_month": "2025-02", "to_month": "2025-01"}, ["2025-02", "2025-01", "swap"]),
        ({"min_per_day": 3.0, "max_per_day": 2.0}, ["3", "2", "lower one or raise the other"]),
        ({"zones": "square"}, ["zones", "'square'", "lsoa", "ward", "grid", "hex", "own"]),
        ({"weighting": "x"}, ["weighting", "'x'", "count", "cchi"]),
        ({"speed": 3}, ["speed", "budget"]),
        ({"area": ""}, ["area"]),
    ],
)
def test_a_bad_value_is_one_sentence_naming_choice_value_and_what_is_accepted(values, words):
    with pytest.raises(InputError) as caught:
        make_scenario(values)
    text = str(caught.value)
    assert all(word in text for word in words), text
    assert "\n" not in text
    assert text.endswith(".")
    assert len(re.findall(r"\. [A-Z]", text)) == 0, text
    assert caught.value.exit_code == 2


def test_two_bad_values_are_two_sentences():
    with pytest.raises(InputError) as caught:
        make_scenario({"budget": -1, "floor": 2000})
    assert "budget" in str(caught.value)
    assert "floor" in str(caught.value)


def test_a_scenario_cannot_be_changed_and_changed_checks_again():
    scenario = Scenario()
    with pytest.raises(ValueError, match="frozen"):
        scenario.budget = 3  # type: ignore[misc]
    assert scenario.changed(budget=3).budget == 3.0
    assert scenario.budget == 12.0
    with pytest.raises(InputError, match="budget"):
        scenario.changed(budget=-3)


# -- URL ------------------------------------------------------------------------------------------


def test_defaults_drop_out_of_url_and_flags():
    assert Scenario().to_query() == {}
    assert Scenario().to_flags() == []
    assert from_query({}) == (Scenario(), ())


def test_query_by_hand():
    scenario = make_scenario({"budget": 8.5, "fairness": 0.2, "ward_hours": 900, "patrol_generated": True})
    assert scenario.to_query() == {"budget": "8.5", "fair": "0.2", "wardh": "900", "proactive": "1"}


def test_what_there_is_by_hand():
    """12 units round the clock are 8,760 hours a month of 365 / 12 days; in one shift of 8 hours a day a third of them."""
    assert Scenario().hours_of_resource == 8760.0
    assert make_scenario({"month_hours": 8760}).budget == 12.0
    assert make_scenario({"month_hours": 8760, "hours_a_day": 8}).budget == pytest.approx(36.0)
    # 180 officers x 40 h a week x 75 % = 5,400 h a week = 5,400 / 168 units round the clock, half of them in pairs
    assert make_scenario({"officers": 180, "abstraction": 0.25}).budget == pytest.approx(5400 / 168)
    assert make_scenario({"officers": 180, "abstraction": 0.25, "crew": 2}).budget == pytest.approx(
        2700 / 168
    )
    by_hours = make_scenario({"month_hours": 8760})
    assert by_hours.to_query() == {"hours": "8760"}
    assert by_hours.to_flags() == ["--hours", "8760"]
    assert by_hours.changed(budget=3).month_hours is None
    assert by_hours.changed(officers=10).month_hours is None
    assert by_hours.changed(floor=0.1).budget == 12.0
    for several in ({"month_hours": 1, "officers": 1}, {"officers": 1_000_000, "abstraction": 0.0}):
        with pytest.raises(InputError):
            make_scenario(several)


def test_an_effect_of_one_has_nothing_left_for_a_second_unit():
    with pytest.raises(InputError, match="below 1, or take the response 'linear'"):
        make_scenario({"effectiveness": 1})
    assert make_scenario({"effectiveness": 1, "response": "linear"}).effectiveness == 1.0


@settings(derandomize=True, deadline=None, max_examples=150)
@given(scenarios())
def test_url_and_back_is_the_same_scenario(scenario):
    query = scenario.to_query()
    assert all(isinstance(text, str) for text in query.values())
    assert from_query(query) == (scenario, ())
    said = {row.url for name, row in TABLE.items() if getattr(scenario, name) != row.default}
    follows = scenario.month_hours is not None or scenario.officers is not None
    assert set(query) == said - ({"budget"} if follows else set())


def test_least_and_most_hours_come_back_in_any_order():
    both = {"mind": "4", "maxd": "6"}
    for query in (both, dict(reversed(both.items()))):
        scenario, refused = from_query(query)
        assert (scenario.min_per_day, scenario.max_per_day, refused) == (4.0, 6.0, ())


def test_a_bad_value_of_a_link_keeps_its_default_and_is_reported():
    scenario, refused = from_query({"budget": "-3", "fair": "0.3", "utm": "x", "mind": "5", "maxd": "9"})
    assert scenario == make_scenario({"fairness": 0.3, "min_per_day": 5, "max_per_day": 9})
    assert len(refused) == 2
    assert "budget='-3'" in refused[0]
    assert "100,000" in refused[0]
    assert refused[1].startswith("The link's 'utm' is no choice")


def test_keys_that_are_no_choices_are_named_once_and_those_of_the_page_never():
    _, refused = from_query({"bugdet": "3", "x": "1", "view": "workshop"}, beside=("view",))
    assert refused == (
        "The link's 'bugdet', 'x' are no choices of this program and were left out; look whether the link was cut or mistyped.",
    )


@settings(derandomize=True, deadline=None, max_examples=100)
@given(
    st.dictionaries(
        st.sampled_from([row.url for row in TABLE.values()]) | st.text(max_size=5),
        st.text(max_size=12)
        | st.sampled_from(["off", "0", "1e400", "-1", "nan", "2025-01", "a|b", "2025-1"]),
        max_size=6,
    )
)
def test_no_link_can_break_the_reader(query):
    scenario, refused = from_query(query)
    assert isinstance(scenario, Scenario)
    assert all(text.startswith("The link's ") for text in refused)
    assert from_query(scenario.to_query()) == (scenario, ())


# -- command line ---------------------------------------------------------------------------------


@settings(derandomize=True, deadline=None, max_examples=100)
@given(scenarios())
def test_flags_parsed_by_the_command_line_are_the_same_scenario(scenario):
    arguments = build_parser().parse_args(["plan", *scenario.to_flags()])
    assert scenario_of(arguments).changed(area=scenario.area) == scenario


def test_every_choice_can_be_made_on_the_command_line():
    own = {
        "area": "--area",
        "crime_types": "--type",
        "own_weights": "--weight",
        "patrol_generated": "--patrol-generated",
    }
    options = {
        option
        for action in build_parser()._subparsers._group_actions[0].choices["plan"]._actions
        for option in action.option_strings
    }
    for name in TABLE:
        assert (FLAGS.get(name) or own[name]) in options


# -- keys -----------------------------------------------------------------------------------------


def test_a_key_depends_on_the_choices_of_its_part_only():
    base = Scenario()
    for name, row in TABLE.items():
        values = any_value("area" if name.endswith("_month") else name).filter(
            lambda v, row=row: v != row.default
        )
        value = "2025-01" if name.endswith("_month") else find(values, lambda _: True)
        value = {
            "min_per_day": 2.0,
            "max_per_day": 3.0,
            "officers": 50.0,
            "month_hours": 900.0,
            "effectiveness": 0.7,
        }.get(name, value)
        changed = base.changed(**{name: value})
        assert changed != base, name
        assert changed.key() != base.key()
        for part in ("data", "game", "hours"):
            assert (changed.key(part) == base.key(part)) == (part != row.part), (name, part)


def test_a_key_is_the_same_in_every_run():
    assert Scenario().key() == make_scenario({}).key()
    assert re.fullmatch(r"[0-9a-f]{16}", Scenario().key())
    assert make_scenario({"budget": 8}).key() == make_scenario({"budget": "8.0"}).key()


def test_a_plan_of_before_keeps_its_hash():
    """Scenarios without the choices that came later: the hashes that files of earlier programs carry."""
    assert Scenario().key() == "250751978e3c6fe5"
    assert Scenario(share_least=0.8, fairness_rule="proportionality").key() != Scenario().key()
