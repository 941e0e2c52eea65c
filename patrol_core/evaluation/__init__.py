"""A plan against simple alternatives, and how steady it is."""

from __future__ import annotations

from patrol_core.evaluation.baselines import BASELINES, UNIFORM
from patrol_core.evaluation.cross_play import FacedMatrix, faced_matrix
from patrol_core.evaluation.feedback.figures import ALL
from patrol_core.evaluation.feedback.loop import (
    CORRECTED,
    EVEN,
    FEEDBACK_FIGURES,
    WITHOUT,
    Feedback,
    simulate_feedback,
)
from patrol_core.evaluation.feedback.urn import urn
from patrol_core.evaluation.feedback.world import PLANNERS, STACKELBERG, Detection, Rounds, world_of
from patrol_core.evaluation.map_accuracy import LEAST_MONTHS, MapAccuracy, Over, judge_maps
from patrol_core.evaluation.retrospective_maps import FORECAST, Recorded, RetrospectiveMap
from patrol_core.evaluation.rolling_origin import CLAIRVOYANT, Backtest, backtest
from patrol_core.evaluation.sensitivity import (
    HINDSIGHT,
    Spread,
    bootstrap_values,
    monthly_values,
    plan_spread,
    rank_stability,
    smoothed_monthly_values,
)
from patrol_core.evaluation.side_by_side import (
    Standing,
    cautions,
    figures_beside,
    gain_words,
    part_changes,
    same_zones,
    zone_changes,
)
from patrol_core.evaluation.simulation import Learner, Simulation, simulate
from patrol_core.evaluation.stability import budget_curve, coverage_distance

__all__ = [
    "ALL",
    "BASELINES",
    "CLAIRVOYANT",
    "CORRECTED",
    "EVEN",
    "FEEDBACK_FIGURES",
    "FORECAST",
    "HINDSIGHT",
    "LEAST_MONTHS",
    "PLANNERS",
    "STACKELBERG",
    "UNIFORM",
    "WITHOUT",
    "Backtest",
    "Detection",
    "FacedMatrix",
    "Feedback",
    "Learner",
    "MapAccuracy",
    "Over",
    "Recorded",
    "RetrospectiveMap",
    "Rounds",
    "Simulation",
    "Spread",
    "Standing",
    "backtest",
    "bootstrap_values",
    "budget_curve",
    "cautions",
    "coverage_distance",
    "faced_matrix",
    "figures_beside",
    "gain_words",
    "judge_maps",
    "monthly_values",
    "part_changes",
    "plan_spread",
    "rank_stability",
    "same_zones",
    "simulate",
    "simulate_feedback",
    "smoothed_monthly_values",
    "urn",
    "world_of",
    "zone_changes",
]
