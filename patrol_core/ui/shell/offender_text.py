"""What each offender model assumes, when to use it, and its formula; constants only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OffenderText:
    """Label, two sentences, and the formula of one model (LaTeX)."""

    label: str
    sentences: str
    formula: str


OFFENDER_TEXTS: dict[str, OffenderText] = {
    "rational": OffenderText(
        "watch perfectly",
        "Offenders have watched long enough to know how often each zone is covered, and take the zone where most is left. "
        "Use it as the careful default: whatever offenders do, they cannot get more than the worst case shown.",
        r"\min_x \max_t V_t\,(1-e\,x_t)",
    ),
    "quantal": OffenderText(
        "err",
        "Offenders prefer zones where more is left but do not always find the best one; λ says how well they choose. "
        "Use it where offenders are many, young or in a hurry, and check how far the plan moves with λ.",
        r"\min_x \sum_t q_t(x)\,V_t(1-e\,x_t),\qquad q_t \propto e^{\lambda V_t(1-e\,x_t)}",
    ),
    "regret": OffenderText(
        "values uncertain",
        "A zone's value is only known to lie in its interval; the plan keeps small what one would regret once the values are known. "
        "Use it where zones have few crimes, so that their order could be chance.",
        r"\min_x \max_{V \in [\underline V, \overline V]} \Big[\max_t V_t(1-e\,x_t) - R^*(V)\Big]",
    ),
    "types": OffenderText(
        "several kinds",
        "Each crime type has its own offenders, who look only at zones good for that type; types weigh by their share of harm. "
        "Use it where burglars and pickpockets would not answer to the same patrols.",
        r"\min_x \sum_k p_k \max_t V^k_t(1-e\,x_t)",
    ),
}
