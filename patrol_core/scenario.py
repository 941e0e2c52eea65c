"""All the choices that lead to a result, declared once.

:class:`Scenario` is the table: each field carries its type, bounds, default, label, unit, URL key and
command-line flag. Widgets, URLs, the command line and exports read it from here, so a bound is
written once. A scenario together with the data's content hash reproduces any number on any page.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from patrol_core.errors import InputError
from patrol_core.risk import entries_of, parse_entries

MONTH = r"^(\d{4}-(0[1-9]|1[0-2]))?$"
"""A month as police.uk writes it, or empty for the end of the data."""

ZoneSystem = Literal["lsoa", "ward", "grid", "hex", "own"]
Weighting = Literal["count", "cchi", "ons-css", "own"]
Smoothing = Literal["none", "all", "neighbours"]
FairnessRule = Literal[
    "coverage-parity", "residual-parity", "mean-difference", "max-min", "residual-max-min", "proportionality"
]
Offender = Literal["rational", "quantal", "regret", "types"]
Rounding = Literal["quarter", "visit", "none", "shift"]
Outlook = Literal["recorded", "forecast"]


def choice(
    default: Any,
    *,
    url: str,
    label: str,
    help: str,
    unit: str = "",
    part: Literal["data", "game", "hours"] = "data",
    step: float | None = None,
    flag: str = "",
    **bounds: Any,
) -> Any:
    """One row of the table: a pydantic field with what widgets, URL and command line need."""
    return Field(
        default,
        title=label,
        description=help,
        json_schema_extra={"url": url, "unit": unit, "part": part, "step": step, "flag": flag},
        **bounds,
    )


class Scenario(BaseModel):
    """The choices behind a plan; frozen, validated, hashable.

    Fields of part ``data`` decide the risk surface, ``game`` the patrol game, ``hours`` the hours plan.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    area: str = choice("sample", url="area", label="Place", help="Which data set to plan for.", min_length=1)
    zones: ZoneSystem | None = choice(
        None,
        url="zones",
        flag="--zones",
        label="Zones",
        help="What one patrol zone is. Empty: the data's own finest zones.",
    )
    cell_m: float = choice(
        500.0,
        url="cell",
        flag="--cell",
        label="Cell size",
        unit="m",
        step=50,
        help="Side of a grid square, or distance between opposite sides of a hexagon.",
        ge=50,
        le=20_000,
    )
    from_month: Annotated[str, Field(pattern=MONTH)] = choice(
        "",
        url="from",
        flag="--from",
        label="From",
        help="First month used (YYYY-MM). Empty: the first in the data.",
    )
    to_month: Annotated[str, Field(pattern=MONTH)] = choice(
        "", url="to", flag="--to", label="To", help="Last month used (YYYY-MM). Empty: the last in the data."
    )
    crime_types: tuple[str, ...] = choice(
        (),
        url="types",
        label="Crime types",
        help="Which types count. Empty: every type but the patrol-generated.",
    )
    weighting: Weighting = choice(
        "count",
        url="weight",
        flag="--weighting",
        label="Weighting",
        help="Count every crime once, or weight it by harm.",
    )
    own_weights: tuple[str, ...] = choice(
        (),
        url="weights",
        label="Own weights",
        help="What one crime of each type counts for when the weighting is your own, as Type=weight.",
    )
    smoothing: Smoothing = choice(
        "none",
        url="smooth",
        flag="--smoothing",
        label="Smoothing",
        help="Plan for each zone's rate as recorded (none), or drawn towards that of all zones (all) or of its "
        "neighbours (neighbours), the more the fewer crimes it had.",
    )
    patrol_generated: bool = choice(
        False,
        url="proactive",
        label="Include offences found by patrols",
        help="Drugs and weapons possession are recorded mainly where police already are; including them feeds "
        "past patrols back into the next plan.",
    )
    outlook: Outlook = choice(
        "recorded",
        url="outlook",
        flag="--outlook",
        label="Plan for",
        help="The months chosen as they were recorded, or the months after them as they are forecast.",
    )
    group_by: str = choice(
        "",
        url="groups",
        flag="--groups",
        label="Groups",
        help="Groups that fairness compares. Empty: the data's first grouping.",
    )
    budget: float = choice(
        12.0,
        url="budget",
        flag="--budget",
        label="Units on patrol at once",
        unit="units",
        part="game",
        step=0.5,
        help="B: how many zones can be covered at the same time, on average.",
        ge=0,
        le=100_000,
    )
    effectiveness: float = choice(
        1.0,
        url="effect",
        flag="--effectiveness",
        label="Effect of a patrol",
        part="game",
        step=0.05,
        help="e: share of a zone's harm that is prevented while the zone is covered. 1 is the usual assumption of "
        "security games and flatters every plan; try 0.5.",
        gt=0,
        le=1,
    )
    offender: Offender = choice(
        "rational",
        url="offender",
        flag="--offender",
        label="Offenders",
        part="game",
        help="Which offenders the plan is made for: they watch perfectly (rational), err (quantal), values are "
        "uncertain (regret), or each crime type has its own (types).",
    )
    rationality: float = choice(
        10.0,
        url="lambda",
        flag="--rationality",
        label="How well offenders choose",
        part="game",
        step=1,
        help="λ times the highest zone's value, for offenders who err: 0 does not look, 100 hardly errs.",
        ge=0,
        le=1000,
    )
    fairness: float | None = choice(
        None,
        url="fair",
        flag="--fairness",
        label="Fairness: how far groups may differ",
        part="game",
        step=0.05,
        help="d, 0 the strictest. Parity: per-head patrol (or harm left) of every group within (1 ± d) of the overall rate; "
        "mean difference: at most d of the overall rate; max-min: every group at least 1 - d of the best least rate "
        "attainable; proportionality: every group's share of the patrols between 1 - d and 1 + d times its share of the harm. "
        "Empty: no rule.",
        ge=0,
        le=10,
    )
    fairness_rule: FairnessRule = choice(
        "coverage-parity",
        url="rule",
        flag="--fairness-rule",
        label="What is shared evenly",
        part="game",
        help="Patrol per head (coverage parity), harm left per head (residual parity), a cap on how far groups differ in "
        "patrol per head on average (mean difference), or the worst-off group first: patrol (max-min), harm left "
        "(residual max-min), or patrol in proportion to expected harm (proportionality).",
    )
    share_least: float | None = choice(
        None,
        url="sharemin",
        flag="--share-least",
        label="Least of its share of the harm (a)",
        part="game",
        step=0.05,
        help="With proportionality: every group's share of the patrols (or hours) is at least a times its share of the harm "
        "(or demand). Empty: 1 - d.",
        ge=0,
        le=1,
    )
    share_most: float | None = choice(
        None,
        url="sharemax",
        flag="--share-most",
        label="Most of its share of the harm (b)",
        part="game",
        step=0.05,
        help="With proportionality: every group's share of the patrols (or hours) is at most b times its share of the harm "
        "(or demand). Empty: 1 + d.",
        ge=1,
        le=1000,
    )
    floor: float = choice(
        0.0,
        url="floor",
        flag="--floor",
        label="Least coverage of every zone",
        part="game",
        step=0.01,
        help="Every zone is covered at least this share of the time.",
        ge=0,
        le=1,
    )
    cap: float = choice(
        1.0,
        url="cap",
        flag="--cap",
        label="Most coverage of every zone",
        part="game",
        step=0.01,
        help="No zone is covered more than this share of the time.",
        ge=0,
        le=1,
    )
    group_floor: tuple[str, ...] = choice(
        (),
        url="gfloor",
        flag="--group-floor",
        label="Least patrol of groups",
        unit="units on patrol",
        part="game",
        help='Units on patrol at once in a group\'s zones, at least: "group=level", several with | between.',
    )
    group_cap: tuple[str, ...] = choice(
        (),
        url="gcap",
        flag="--group-cap",
        label="Most patrol of groups",
        unit="units on patrol",
        part="game",
        help='Units on patrol at once in a group\'s zones, at most: "group=level", several with | between.',
    )
    seed: int = choice(
        1,
        url="seed",
        flag="--seed",
        label="Seed",
        part="game",
        help="Seed of the draws behind a roster.",
        ge=0,
        le=2**31 - 1,
    )
    horizon: int = choice(
        6,
        url="horizon",
        flag="--horizon",
        label="Months ahead",
        unit="months",
        part="hours",
        help="Months the hours plan covers.",
        ge=1,
        le=12,
    )
    city_hours: float | None = choice(
        None,
        url="cityh",
        flag="--city-budget",
        label="City budget",
        unit="h per month",
        part="hours",
        step=50,
        help="Patrol hours a month over all zones. Empty: midway between the least and the most the daily bounds allow.",
        ge=0,
        le=100_000_000,
    )
    ward_hours: float | None = choice(
        3200.0,
        url="wardh",
        flag="--ward-budget",
        label="Ward budget",
        unit="h per month",
        part="hours",
        step=50,
        help="Patrol hours a month in any one ward. Empty: no ward budget.",
        ge=0,
        le=10_000_000,
    )
    min_per_day: float = choice(
        1.0,
        url="mind",
        flag="--min-per-day",
        label="Least hours a day",
        unit="h per day",
        part="hours",
        step=0.1,
        help="Every zone gets at least this much on an average day.",
        ge=0,
        le=24,
    )
    max_per_day: float = choice(
        2.6,
        url="maxd",
        flag="--max-per-day",
        label="Most hours a day",
        unit="h per day",
        part="hours",
        step=0.1,
        help="No zone gets more than this on an average day, times 1 to 2 for larger zones.",
        gt=0,
        le=24,
    )
    rounding: Rounding = choice(
        "quarter",
        url="round",
        flag="--round",
        label="Round to",
        part="hours",
        help="Quarter hours, visits, whole shifts, or not at all.",
    )
    visit_minutes: float = choice(
        15.0,
        url="visit",
        flag="--visit-minutes",
        label="Length of a visit",
        unit="min",
        part="hours",
        step=5,
        help="What one visit of a patrol takes; about 15 minutes is what the evidence speaks of (Koper 1995).",
        ge=1,
        le=1440,
    )
    least_visits: int = choice(
        0,
        url="dose",
        flag="--least-visits",
        label="Least useful dose",
        unit="whole units a month",
        part="hours",
        help="A zone gets nothing or at least this many visits (or other whole units) a month; only where the least hours a day "
        "are 0.",
        ge=0,
        le=100_000,
    )
    borough_hours: float | None = choice(
        None,
        url="boroughh",
        flag="--borough-budget",
        label="Borough budget",
        unit="h per month",
        part="hours",
        step=50,
        help="Patrol hours a month in any one borough. Empty: no borough budget.",
        ge=0,
        le=50_000_000,
    )
    ward_table: tuple[str, ...] = choice(
        (),
        url="wardhs",
        flag="--ward-budgets",
        label="Budgets of single wards",
        unit="h per month",
        part="hours",
        help='Wards with a budget of their own: "ward=hours", several with | between.',
    )
    borough_table: tuple[str, ...] = choice(
        (),
        url="boroughhs",
        flag="--borough-budgets",
        label="Budgets of single boroughs",
        unit="h per month",
        part="hours",
        help='Boroughs with a budget of their own: "borough=hours", several with | between.',
    )

    @field_validator("crime_types", "group_floor", "group_cap", "ward_table", "borough_table", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part for part in value.split("|") if part) if isinstance(value, str) else value

    @field_validator("own_weights", mode="before")
    @classmethod
    def _one_way_of_writing(cls, value: object) -> object:
        parts = [part for part in value.split("|") if part] if isinstance(value, str) else value
        return entries_of(parse_entries(map(str, parts))) if isinstance(parts, list | tuple) else value

    @field_validator("group_floor", "group_cap")
    @classmethod
    def _levels(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            group, _, level = entry.rpartition("=")
            try:
                known = bool(group) and "|" not in group and 0 <= float(level) < 1e6
            except ValueError:
                known = False
            if not known:
                raise ValueError(
                    f'write each as "group=level" with a level of 0 or more and no | in it, not {entry!r}'
                )
        groups = [entry.rpartition("=")[0] for entry in value]
        if len(set(groups)) < len(groups):
            raise ValueError("a group is named twice; give it one level")
        return value

    @field_validator("ward_table", "borough_table")
    @classmethod
    def _budgets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            place, _, hours = entry.rpartition("=")
            try:
                known = bool(place) and 0 <= float(hours) < 1e9
            except ValueError:
                known = False
            if not known:
                raise ValueError(f'write each as "name=hours" with hours of 0 or more, not {entry!r}')
        places = [entry.rpartition("=")[0] for entry in value]
        if len(set(places)) < len(places):
            raise ValueError("a place is named twice; give it one budget")
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Scenario:
        if self.from_month and self.to_month and self.from_month > self.to_month:
            raise ValueError(f"from {self.from_month} is after to {self.to_month}; swap them")
        if self.min_per_day > self.max_per_day:
            raise ValueError(
                f"least hours a day {self.min_per_day:g} exceed the most {self.max_per_day:g}; lower one or raise the other"
            )
        return self

    @model_validator(mode="after")
    def _shares_are_a_rule(self) -> Scenario:
        """Ends of the band given without a tolerance switch proportionality on."""
        ends = [1.0 - self.share_least] if self.share_least is not None else []
        ends += [self.share_most - 1.0] if self.share_most is not None else []
        if ends and self.fairness is None and self.fairness_rule == "proportionality":
            object.__setattr__(self, "fairness", min(max(ends), 10.0))
        return self

    def group_levels(self) -> tuple[dict[str, float], dict[str, float]]:
        """Least and most units on patrol by group."""
        least, most = (
            {group: float(level) for group, _, level in (entry.rpartition("=") for entry in entries)}
            for entries in (self.group_floor, self.group_cap)
        )
        return least, most

    def own_budgets(self) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, float], ...]]:
        """(ward, hours per month) and (borough, hours per month) pairs of places with a budget of their own."""
        ward, borough = (
            tuple((place, float(hours)) for place, _, hours in (entry.rpartition("=") for entry in entries))
            for entries in (self.ward_table, self.borough_table)
        )
        return ward, borough

    def changed(self, **values: Any) -> Scenario:
        """A copy with some choices changed and everything checked again.

        Another tolerance of the fairness rule takes the place of a band that was given by its ends.
        """
        if "fairness" in values:
            values = {"share_least": None, "share_most": None, **values}
        return make_scenario({**self.model_dump(), **values})

    def part(self, *parts: str) -> dict[str, Any]:
        """The choices that belong to the named parts (``data``, ``game``, ``hours``)."""
        return {name: getattr(self, name) for name, row in choices().items() if row.part in parts}

    def key(self, *parts: str) -> str:
        """Stable hash of the choices of the named parts (all of them by default)."""
        chosen = self.part(*parts) if parts else self.model_dump()
        text = json.dumps(chosen, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_flags(self) -> list[str]:
        """Command-line flags of everything that differs from the default, place and files left out."""
        flags: list[str] = []
        for name, row in choices().items():
            value = getattr(self, name)
            if row.flag and value != row.default:
                flags += [row.flag, _to_text(value)]
        for kind in self.crime_types:
            flags += ["--type", kind]
        for entry in self.own_weights:
            flags += ["--weight", entry]
        if self.own_weights and self.weighting == choices()["weighting"].default:
            flags += ["--weighting", self.weighting]  # else giving weights puts them in force
        return [*flags, "--patrol-generated"] if self.patrol_generated else flags

    def to_query(self) -> dict[str, str]:
        """URL parameters of everything that differs from the default."""
        query: dict[str, str] = {}
        for name, row in choices().items():
            value = getattr(self, name)
            if value == row.default:
                continue
            query[row.url] = _to_text(value)
        return query


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of the table, as plain data for widgets and the command line."""

    name: str
    label: str
    help: str
    unit: str
    url: str
    part: str
    flag: str
    default: Any
    step: float | None
    low: float | None
    high: float | None
    above_low: bool = False
    """True where ``low`` itself is not accepted."""

    def check(self, value: Any) -> None:
        """Raise :class:`InputError` when ``value`` is not acceptable for this choice."""
        make_scenario({self.name: value})


@lru_cache(maxsize=1)
def choices() -> dict[str, Choice]:
    """The table of choices by field name, in order."""
    rows: dict[str, Choice] = {}
    for name, field in Scenario.model_fields.items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict)
        bounds = {type(mark).__name__: mark for mark in field.metadata}
        low = getattr(bounds.get("Ge"), "ge", getattr(bounds.get("Gt"), "gt", None))
        high = getattr(bounds.get("Le"), "le", None)
        rows[name] = Choice(
            name=name,
            label=field.title or name,
            help=field.description or "",
            unit=str(extra["unit"]),
            url=str(extra["url"]),
            part=str(extra["part"]),
            flag=str(extra["flag"]),
            default=field.default,
            step=_number(extra["step"]),
            low=low,
            high=high,
            above_low="Gt" in bounds,
        )
    return rows


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def make_scenario(values: Mapping[str, Any]) -> Scenario:
    """Build a scenario from named values.

    Raises
    ------
    InputError
        One sentence that names the choice, the value and what is accepted.
    """
    try:
        return Scenario(**values)
    except ValidationError as error:
        raise InputError(_explain(error)) from error


def from_query(query: Mapping[str, str]) -> tuple[Scenario, tuple[str, ...]]:
    """Read a scenario from URL parameters.

    Unknown keys are ignored; a bad value keeps its default and is reported.

    Returns
    -------
    tuple
        The scenario, and one sentence for each value that was not taken.
    """
    by_url = {row.url: row for row in choices().values()}
    taken: dict[str, Any] = {}
    left = {key: text for key, text in query.items() if key in by_url}
    refused: dict[str, str] = {}
    while left:
        refused = {}
        for key, text in left.items():
            value: Any = None if text == "off" else text
            try:
                make_scenario({**taken, by_url[key].name: value})
            except InputError as error:
                refused[key] = f"The link's {key}={text!r} was not taken: {error}"
            else:
                taken[by_url[key].name] = value
        if len(refused) == len(left):
            break
        # A value may be good only beside another that came later (least and most hours a day): once more.
        left = {key: left[key] for key in refused}
    return make_scenario(taken), tuple(refused.values())


def _to_text(value: Any) -> str:
    if value is None:
        return "off"
    if isinstance(value, tuple):
        return "|".join(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return format(value, "g") if float(format(value, "g")) == value else repr(value)
    return str(value)


def _explain(error: ValidationError) -> str:
    sentences = []
    for fault in error.errors():
        where = str(fault["loc"][0]) if fault["loc"] else ""
        message = fault["msg"].removeprefix("Value error, ").removesuffix(".")
        if not where:
            sentences.append(message[:1].upper() + message[1:] + ".")
            continue
        row = choices().get(where)
        if row is None:
            sentences.append(f"There is no choice named {where!r}; the choices are {', '.join(choices())}.")
            continue
        sentences.append(f"{row.label} ({where}) cannot be {fault['input']!r}: {_accepted(row, message)}.")
    return " ".join(dict.fromkeys(sentences))


def _accepted(row: Choice, message: str) -> str:
    if row.low is not None and row.high is not None:
        unit = f" {row.unit}" if row.unit else ""
        number = "whole number" if isinstance(row.default, int) else "number"
        least = f"above {row.low:,.10g} and up to" if row.above_low else f"from {row.low:,.10g} to"
        return f"give a {number} {least} {row.high:,.10g}{unit}"
    if "pattern" in message:
        return "give a month as YYYY-MM"
    return message[:1].lower() + message[1:]
