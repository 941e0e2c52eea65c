"""Side constraints and fairness rules that every model of patrols shares."""

from __future__ import annotations

from patrol_core.games.rules.bands import CoverageParity, Proportionality, ResidualParity
from patrol_core.games.rules.differences import MeanDifference
from patrol_core.games.rules.documents import (
    FAIRNESS,
    checked_rules,
    fairness_rule,
    parse_constraints,
    rule_keys,
    rule_label,
)
from patrol_core.games.rules.levels import Cap, DailyFloor, Floor, PlaceCap, some
from patrol_core.games.rules.max_min import MaxMin, MaxMinShare
from patrol_core.games.rules.rows import (
    BUDGET,
    CapRow,
    Harm,
    Line,
    Of,
    PairRow,
    Row,
    RowKey,
    Total,
    excess,
    priced,
)
from patrol_core.games.rules.rule import (
    Fairness,
    HoursForm,
    Loosening,
    Rule,
    amounts,
    coupling_rows,
    lines_of,
)

__all__ = [
    "BUDGET",
    "FAIRNESS",
    "Cap",
    "CapRow",
    "CoverageParity",
    "DailyFloor",
    "Fairness",
    "Floor",
    "Harm",
    "HoursForm",
    "Line",
    "Loosening",
    "MaxMin",
    "MaxMinShare",
    "MeanDifference",
    "Of",
    "PairRow",
    "PlaceCap",
    "Proportionality",
    "ResidualParity",
    "Row",
    "RowKey",
    "Rule",
    "Total",
    "amounts",
    "checked_rules",
    "coupling_rows",
    "excess",
    "fairness_rule",
    "lines_of",
    "parse_constraints",
    "priced",
    "rule_keys",
    "rule_label",
    "some",
]
