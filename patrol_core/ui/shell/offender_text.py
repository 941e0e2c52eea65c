"""What each offender model and each response to patrols assumes, when to use it, and its formula."""

from __future__ import annotations

from dataclasses import dataclass

from patrol_core.planning import assumption_words, resource_words
from patrol_core.scenario import Response, Scenario
from patrol_core.words import figure


@dataclass(frozen=True, slots=True)
class OffenderText:
    """Label, two sentences, and the formula of one model (LaTeX); V s(x) is the harm left in a zone."""

    label: str
    sentences: str
    formula: str


OFFENDER_TEXTS: dict[str, OffenderText] = {
    "rational": OffenderText(
        "watch perfectly",
        "Offenders have watched long enough to know how much patrol each zone gets, and take the zone where most is left. "
        "Use it as the careful default: whatever offenders do, they cannot get more than the worst case shown.",
        r"\min_x \max_t V_t\,s_t(x_t)",
    ),
    "quantal": OffenderText(
        "make mistakes",
        "Offenders prefer zones where more is left but do not always find the best one; λ says how well they choose. "
        "Use it where offenders are many, young or in a hurry, and check how far the plan moves with λ.",
        r"\min_x \sum_t q_t(x)\,V_t\,s_t(x_t),\qquad q_t \propto e^{\lambda V_t\,s_t(x_t)}",
    ),
    "regret": OffenderText(
        "go by uncertain values",
        "A zone's value is only known to lie in its interval; the plan keeps small what one would regret once the values are known. "
        "Use it where zones have few crimes, so that their order could be chance.",
        r"\min_x \max_{V \in [\underline V, \overline V]} \Big[\max_t V_t\,s_t(x_t) - R^*(V)\Big]",
    ),
    "types": OffenderText(
        "are of several kinds",
        "Each crime type has its own offenders, who look only at zones good for that type; types weigh by their share of harm. "
        "Use it where burglars and pickpockets would not answer to the same patrols.",
        r"\min_x \sum_k p_k \max_t V^k_t\,s_t(x_t)",
    ),
    "none": OffenderText(
        "do not react",
        "Crime stays where it is, whatever patrols do; the plan leaves the least harm in all zones together. "
        "Use it where crime does not follow opportunities, and look at the worst zone too: it may be left alone.",
        r"\min_x \sum_t V_t\,s_t(x_t)",
    ),
}


@dataclass(frozen=True, slots=True)
class ResponseText:
    """What one response is called, and its formula (LaTeX)."""

    label: str
    formula: str


RESPONSE_TEXTS: dict[Response, ResponseText] = {
    "linear": ResponseText(
        "Linear: no zone takes more than one unit",
        r"s_t(x) = 1 - e\,x / k_t,\quad 0 \le x \le k_t",
    ),
    "several": ResponseText(
        "Several units: each prevents the same share of what is left",
        r"s_t(j) = (1-e)^{j/k_t} \text{ after } j = 0, 1, 2, \dots \text{ units, straight lines between}",
    ),
    "log": ResponseText(
        "Diminishing: each hour is worth less than the one before",
        r"s_t(x) = 1 - e\,\frac{\ln(1 + h x)}{\ln(1 + h u_t)},\quad h \text{ hours a unit and month}",
    ),
}


def assumption(scenario: Scenario) -> str:
    """What every figure of a plan rests on, as one sentence: what there is, against whom, and what a patrol does."""
    said, whom = resource_words(scenario), OFFENDER_TEXTS[scenario.offender].label
    if scenario.month_hours is None:
        said += f"{' at once' if scenario.officers is None else ''}, {figure(scenario.hours_of_resource, 6)} h a month"
    return f"{said}, planned for offenders who {whom}: {assumption_words(scenario)}."
