"""The plan month by month: the scenario's model with each month's demand, in hours.

Units there at once and hours a month are one number: hours = units x ``scenario.hours_per_unit``. Where offenders do not
react and each further hour is worth less than the one before, the model is the hours model of
:mod:`patrol_core.allocation.hours`, which is then solved as it stands; in every other case each month is a zone game.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from patrol_core.allocation.hours import (
    HoursCap,
    HoursConstraint,
    HoursFloor,
    Plan,
    in_whole_steps,
    solve_hours,
)
from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import InputError
from patrol_core.evaluation import faced_matrix
from patrol_core.games.documents import Uncertainty, solve_for
from patrol_core.games.rules import FAIRNESS
from patrol_core.games.zone import MAX_GAP, Response, Strategy, ZoneGame, evaluate_coverage, row_violation
from patrol_core.planning.hours import hours_demand, hours_rules
from patrol_core.planning.planner import game_of, uncertainty_of
from patrol_core.planning.prepared import Prepared, fairness_of
from patrol_core.scenario import Scenario
from patrol_core.words import counted, first_few, percent, plural

WORTH_SAYING = 1e-4
"""Share of the objective that whole steps may cost without a note."""
EACH_MONTH = "mean over the months of what the plan was optimised for; less is better"


def solve_hours_plan(prepared: Prepared, scenario: Scenario, demand: pd.DataFrame | None = None) -> Plan:
    """The plan of a scenario in hours, for each of the coming months.

    Args:
        prepared, scenario: Zones and groups, and the choices.
        demand: Of :func:`~patrol_core.planning.hours.hours_demand`; made where it is not given.

    Raises:
        InfeasibleError: When the rules cannot be met in some month; says what would work.
    """
    if demand is None:
        demand = hours_demand(prepared, scenario)
    plan = (_by_hours if _is_hours_model(scenario) else _by_games)(prepared, scenario, demand)
    names = dict(zip(prepared.zone_ids, prepared.zones["name"].astype(str), strict=True))
    named = plan.frame.assign(name=plan.frame["zone_id"].astype(str).map(names))
    return replace(plan, frame=named, binding=binding_words(plan.slack))


def _is_hours_model(scenario: Scenario) -> bool:
    kept = scenario.fairness is None or FAIRNESS[scenario.fairness_rule].of_hours
    one_size = scenario.zone_sizes == "equal"  # the hours model knows no sizes
    return scenario.response == "log" and scenario.offender == "none" and one_size and kept


def _by_hours(prepared: Prepared, scenario: Scenario, demand: pd.DataFrame) -> Plan:
    """All months at once by the hours model."""
    if scenario.fairness is not None and not prepared.groups:
        game_of(prepared, scenario)  # says why that cannot be
    per_unit = scenario.hours_per_unit
    least, most = scenario.group_levels()
    rules: list[HoursConstraint] = [HoursFloor(level * per_unit, group=name) for name, level in least.items()]
    rules += [HoursCap(level * per_unit, group=name) for name, level in most.items()]
    if scenario.cap is not None:
        rules.append(HoursCap(scenario.cap * per_unit))
    if scenario.fairness is not None:
        rules.append(fairness_of(scenario, scenario.fairness_rule, scenario.fairness))
    plan = solve_hours(
        demand,
        hours_rules(demand, scenario),
        constraints=rules,
        groups=prepared.groups,
        population=dict(zip(prepared.zone_ids, prepared.population, strict=True)),
    )
    most_units = plan.frame["upper"].to_numpy(dtype=float) / per_unit
    does = Response("log", scenario.effectiveness, np.ones(len(demand)), most_units, per_unit)
    return replace(plan, does=does)


@dataclass(frozen=True, eq=False)
class _Month:
    """One month: its rows in the demand, their zones, its game and plan, and what is known of its offenders."""

    label: str
    rows: Indices
    zones: Indices
    game: ZoneGame
    strategy: Strategy
    known: Uncertainty

    def loss(self, offender: str, coverage: Floats) -> float:
        """What the offenders planned against make of a coverage."""
        if offender in ("rational", "none"):
            found = evaluate_coverage(self.game, coverage)
            return found.worst_case if offender == "rational" else found.expected_residual
        table = faced_matrix(self.game, {"": coverage}, self.known, faced=(offender,), baselines=False)
        return float(table.frame[offender].iloc[0])


def _by_games(prepared: Prepared, scenario: Scenario, demand: pd.DataFrame) -> Plan:
    """Month by month as zone games."""
    if scenario.least_visits > 1 and scenario.fairness is not None:
        raise InputError(
            "A least useful dose and a fairness rule cannot be asked for together; set one of them aside."
        )
    months, per_unit = _solved(prepared, scenario, demand), scenario.hours_per_unit
    count = len(demand)
    units, lower, upper, worth = np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count)
    at = np.zeros(count, dtype=np.intp)
    for month in months:
        low, high = month.game.bounds()
        x = month.strategy.coverage
        next_unit = month.game.values * month.game.does.worth(x)
        at[month.rows] = month.zones
        for column, values in ((units, x), (lower, low), (upper, high), (worth, next_unit)):
            column[month.rows] = values[month.zones]
    exact = units * per_unit
    price = np.array(
        [
            np.nan if one.strategy.budget_dual is None else one.strategy.budget_dual / per_unit
            for one in months
        ]
    )
    rules = hours_rules(demand, scenario)
    final, slack = in_whole_steps(demand, rules, exact, (lower * per_unit, upper * per_unit), price)
    proofs = {
        one.label: _proof(one, scenario, None if final is exact else final / per_unit) for one in months
    }
    before = [one.strategy.certificate for one in months]
    columns = ["month", "ward", "zone_id", "area_km2", "risk"]
    frame = demand.loc[:, [*columns, *(["borough"] if "borough" in demand else [])]].assign(
        hours=final,
        hours_continuous=exact,
        lower=lower * per_unit,
        upper=upper * per_unit,
        value_of_hour=worth / per_unit,
    )
    whole, continuous = _together(list(proofs.values())), _together(before)
    does = months[0].game.does
    return Plan(
        frame=frame,
        certificate=whole,
        continuous=continuous,
        monthly=proofs,
        objective_before_rounding=continuous.objective,
        objective_after_rounding=whole.objective,
        binding=(),
        slack=slack,
        notes=_notes(months, scenario, whole, continuous),
        rules=rules,
        does=replace(does, sizes=does.sizes[at], most=does.most[at]),
    )


def _solved(prepared: Prepared, scenario: Scenario, demand: pd.DataFrame) -> list[_Month]:
    """Every month of the demand, in order; months alike are solved once."""
    zones = pd.Index(prepared.zone_ids).get_indexer(pd.Index(demand["zone_id"].astype(str)))
    if (zones < 0).any():
        raise InputError(
            f"The demand names zone {demand['zone_id'].iloc[int(np.argmin(zones))]!r}, which is not planned for."
        )
    names, risk = demand["month"].astype(str).to_numpy(), demand["risk"].to_numpy(dtype=float)
    done: dict[bytes, tuple[ZoneGame, Strategy, Uncertainty]] = {}
    months = []
    for label in sorted(set(names)):
        rows = np.flatnonzero(names == label)
        values = np.zeros(len(prepared.zone_ids))
        values[zones[rows]] = risk[rows]
        key = values.tobytes()
        if key not in done:
            game, known = game_of(prepared, scenario, values), uncertainty_of(prepared, scenario, values)
            done[key] = game, solve_for(game, scenario.offender, known), known
        months.append(_Month(label, rows, zones[rows], *done[key]))
    return months


def _proof(month: _Month, scenario: Scenario, units: Floats | None) -> Certificate:
    """Proof of the plan as delivered; None: as it was solved. Rounding cannot be better than what was not rounded."""
    proof = month.strategy.certificate
    if units is None:
        return proof
    x = np.zeros(month.game.size)
    x[month.zones] = units[month.rows]
    more = month.loss(scenario.offender, x) - month.loss(scenario.offender, month.strategy.coverage)
    # an expected loss counts as a utility where several kinds are planned against
    objective = proof.objective + (-more if scenario.offender == "types" else more)
    gap = relative_gap(objective, proof.bound, float(month.game.values.max(initial=0.0)))
    return replace(
        proof,
        status=proof.status if gap <= MAX_GAP else Status.STOPPED_WITH_PLAN,
        objective=objective,
        gap=gap,
        phases=(*proof.phases, "rounding"),
        violation=row_violation(month.game, x),
    )


def _together(proofs: list[Certificate]) -> Certificate:
    """All months: means of objective and bound, the worst gap and status."""
    first = proofs[0]
    stopped = [proof.status for proof in proofs if proof.status is not Status.OPTIMAL]
    return replace(
        first,
        status=stopped[0] if stopped else Status.OPTIMAL,
        objective=float(np.mean([proof.objective for proof in proofs])),
        bound=float(np.mean([proof.bound for proof in proofs])),
        gap=max(proof.gap for proof in proofs),
        seconds=sum(proof.seconds for proof in proofs),
        violation=max(proof.violation for proof in proofs),
        objective_is=EACH_MONTH if len(proofs) > 1 else first.objective_is,
    )


def _notes(
    months: list[_Month], scenario: Scenario, whole: Certificate, continuous: Certificate
) -> tuple[str, ...]:
    """Plain sentences a reader of the plan must not miss."""
    notes = []
    spare = min(scenario.budget - one.strategy.budget_used for one in months)
    if spare > 1e-6 * max(scenario.budget, 1.0):
        hours = spare * scenario.hours_per_unit
        notes.append(f"There is more than can help: at least {hours:,.0f} h a month are left over.")
    idle = sum(not one.game.values.any() for one in months)
    if idle:
        notes.append(f"No crime is expected in {plural(idle, 'month')}: no hour there prevents anything.")
    if continuous.status is not Status.OPTIMAL:
        notes.append(
            f"The search ended before it could prove the plan best: at most {percent(continuous.gap, 2)} may be left to gain in a month."
        )
    cost = whole.gap - continuous.gap
    if cost > WORTH_SAYING:
        notes.append(
            f"Whole steps cost at most {percent(cost, 2)} of what the plan was optimised for in any month."
        )
    return tuple(notes)


def binding_words(slack: pd.DataFrame) -> tuple[str, ...]:
    """Which budgets are reached, and in which months, in words.

    Args:
        slack: Of a plan.
    """
    months = sorted(set(slack["month"].astype(str)))
    reached = slack[slack["binding"]]
    places: dict[tuple[tuple[str, ...], str], list[str]] = {}
    for (kind, name), rows in reached.groupby(["kind", "name"], sort=False):
        places.setdefault((tuple(sorted(rows["month"].astype(str))), str(kind)), []).append(str(name))
    return tuple(_reached(kind, names, when, months) for (when, kind), names in places.items())


def _reached(kind: str, names: list[str], when: tuple[str, ...], months: list[str]) -> str:
    if kind == "city":
        words = "the budget is reached"
    elif len(names) == 1:
        words = f"the budget of {kind} {names[0]} is reached"
    else:
        words = f"the budgets of the {kind}s {first_few(names)} are reached"
    if len(months) == 1:
        return words
    if len(when) == len(months):
        return f"{words} in {'both' if len(months) == 2 else f'all {counted(len(months))}'} months"
    return f"{words} in {counted(len(when))} of {counted(len(months))} months ({first_few(when)})"
