"""Choices of the patrol game: units, offenders, fairness, floors and caps."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator

from patrol_core.scenario.choice import Entries, check_entries, choice, named_numbers
from patrol_core.scenario.data import DataChoices

FairnessRule = Literal[
    "coverage-parity", "residual-parity", "mean-difference", "max-min", "residual-max-min", "proportionality"
]
Offender = Literal["rational", "quantal", "regret", "types"]


def _levels(value: tuple[str, ...]) -> tuple[str, ...]:
    form = '"group=level" with a level of 0 or more and no | in it'
    for entry in value:
        if "|" in entry.rpartition("=")[0]:
            raise ValueError(f"write each as {form}, not {entry!r}")
    return check_entries(value, most=1e6, form=form, twice="a group is named twice; give it one level")


Levels = Annotated[Entries, AfterValidator(_levels)]

row = partial(choice, part="game")


class GameChoices(DataChoices):
    """The parts ``data`` and ``game`` of a scenario."""

    budget: float = row(
        12.0, "budget", "--budget", "Units on patrol at once", unit="units", step=0.5, ge=0, le=100_000
    )
    """B: how many zones can be covered at the same time, on average."""
    effectiveness: float = row(1.0, "effect", "--effectiveness", "Effect of a patrol", step=0.05, gt=0, le=1)
    """e: share of a zone's harm that is prevented while the zone is covered. 1 is the usual assumption of
    security games and flatters every plan; try 0.5."""
    offender: Offender = row("rational", "offender", "--offender", "Offenders")
    """Which offenders the plan is made for: they watch perfectly (rational), err (quantal), values are
    uncertain (regret), or each crime type has its own (types)."""
    rationality: float = row(
        10.0, "lambda", "--rationality", "How well offenders choose", step=1, ge=0, le=1000
    )
    """λ times the highest zone's value, for offenders who err: 0 does not look, 100 hardly errs."""
    fairness: float | None = row(
        None, "fair", "--fairness", "Fairness: how far groups may differ", step=0.05, ge=0, le=10
    )
    """d, 0 the strictest. Parity: per-head patrol (or harm left) of every group within (1 ± d) of the
    overall rate; mean difference: at most d of the overall rate; max-min: every group at least 1 - d of
    the best least rate attainable; proportionality: every group's share of the patrols between 1 - d and
    1 + d times its share of the harm. Empty: no rule."""
    fairness_rule: FairnessRule = row("coverage-parity", "rule", "--fairness-rule", "What is shared evenly")
    """Patrol per head (coverage parity), harm left per head (residual parity), a cap on how far groups
    differ in patrol per head on average (mean difference), or the worst-off group first: patrol
    (max-min), harm left (residual max-min), or patrol in proportion to expected harm (proportionality)."""
    share_least: float | None = row(
        None, "sharemin", "--share-least", "Least of its share of the harm (a)", step=0.05, ge=0, le=1
    )
    """With proportionality: every group's share of the patrols (or hours) is at least a times its share of
    the harm (or demand). Empty: 1 - d."""
    share_most: float | None = row(
        None, "sharemax", "--share-most", "Most of its share of the harm (b)", step=0.05, ge=1, le=1000
    )
    """With proportionality: every group's share of the patrols (or hours) is at most b times its share of
    the harm (or demand). Empty: 1 + d."""
    floor: float = row(0.0, "floor", "--floor", "Least coverage of every zone", step=0.01, ge=0, le=1)
    """Every zone is covered at least this share of the time."""
    cap: float = row(1.0, "cap", "--cap", "Most coverage of every zone", step=0.01, ge=0, le=1)
    """No zone is covered more than this share of the time."""
    group_floor: Levels = row((), "gfloor", "--group-floor", "Least patrol of groups", unit="units on patrol")
    """Units on patrol at once in a group's zones, at least: "group=level", several with | between."""
    group_cap: Levels = row((), "gcap", "--group-cap", "Most patrol of groups", unit="units on patrol")
    """Units on patrol at once in a group's zones, at most: "group=level", several with | between."""
    seed: int = row(1, "seed", "--seed", "Seed", ge=0, le=2**31 - 1)
    """Seed of the draws behind a roster."""

    def group_levels(self) -> tuple[dict[str, float], dict[str, float]]:
        """Least and most units on patrol by group."""
        return dict(named_numbers(self.group_floor)), dict(named_numbers(self.group_cap))
