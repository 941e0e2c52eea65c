"""What each measure of fairness is, with formula and source; of residents, as they read for :func:`~patrol_core.words.of_heads`."""

from __future__ import annotations

from typing import NamedTuple


class Definition(NamedTuple):
    """A measure in words, as a formula, and where it comes from."""

    label: str
    words: str
    formula: str
    source: str


NOTATION = {
    "residents": r"$p_i$ residents of zone $i$, $P=\sum_i p_i$, $h_i$ amount per head, $\bar h=\sum_i p_i h_i/P$, $s_{gi}$ share of "
    r"residents of zone $i$ in group $g$.",
    "zones": r"$p_i=1$ for every zone $i$, since nobody knows who lives there, $P$ the number of zones, $h_i$ amount in zone $i$, "
    r"$\bar h=\sum_i p_i h_i/P$, $s_{gi}$ 1 where zone $i$ is in group $g$, else 0.",
}
"""By what is counted."""
DEFINITIONS: dict[str, Definition] = {
    "gini": Definition(
        "Gini",
        "Mean difference between two residents drawn at random, over twice the mean. 0 equal, towards 1 all with one.",
        r"\frac{\sum_{ij} p_i p_j |h_i-h_j|}{2P^2\bar h}",
        "Gini 1912; Cowell 2011, Measuring Inequality",
    ),
    "theil": Definition(
        "Theil T",
        "Sensitive to the top; it splits into a part between groups and a part within them.",
        r"\sum_i \frac{p_i}{P}\frac{h_i}{\bar h}\ln\frac{h_i}{\bar h}",
        "Theil 1967; 0 ln 0 = 0",
    ),
    "theil_between": Definition(
        "Theil between groups",
        "What would be left if everybody had the rate of their group.",
        r"\sum_g \frac{P_g}{P}\frac{\bar h_g}{\bar h}\ln\frac{\bar h_g}{\bar h}",
        "Theil 1967",
    ),
    "theil_within": Definition(
        "Theil within groups",
        "The rest: inequality between zones of one group. A small part between groups says that the groups are not where the inequality is.",
        r"T-T_{\text{between}}",
        "Theil 1967",
    ),
    "atkinson": Definition(
        "Atkinson",
        "Share of the mean one would give up for an equal spread, at the aversion chosen. At an aversion of 1 or more it is 1 as soon as "
        "someone gets nothing.",
        r"1-\frac{1}{\bar h}\Big(\sum_i \tfrac{p_i}{P}h_i^{1-\varepsilon}\Big)^{1/(1-\varepsilon)}",
        "Atkinson 1970, J. Econ. Theory 2, 244-263",
    ),
    "hoover": Definition(
        "Hoover",
        "Share of the amount that would have to move for equal rates.",
        r"\frac{\sum_i p_i|h_i-\bar h|}{2P\bar h}",
        "Hoover 1936, Rev. Econ. Stat. 18, 162-171",
    ),
    "min_max_ratio": Definition(
        "Lowest group as a share of the highest",
        "Smallest group rate over the largest; 1 is equal. 0.8 is a screening line from United States employment practice (four-fifths rule), "
        "not UK law, and no finding of fairness by itself.",
        r"\min_g E_g\,/\,\max_g E_g,\qquad E_g=\frac{\sum_i s_{gi}p_i h_i}{\sum_i s_{gi}p_i}",
        "Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 (1978)",
    ),
    "concentration": Definition(
        "Concentration index",
        "Against deprivation. Below 0 the more deprived residents get more per head, above 0 the less deprived.",
        r"\frac{2}{\bar h}\,\mathrm{cov}_p(h_i,R_i),\quad R_i\ \text{fractional rank, most deprived first}",
        "Kakwani, Wagstaff & van Doorslaer 1997, J. Econometrics 77, 87-103",
    ),
}
CONCLUSIONS = {
    "ratio": "Lowest group as a share of the highest, against 80 %",
    "most": "Group with the highest rate",
    "sign": "Which residents get more",
}
PROPORTION = (
    r"Each group's share of the patrols is between $a$ and $b$ times its share of the expected harm: "
    r"$a\,h_g\sum_t x_t\le\sum_{t\in g}x_t\le b\,h_g\sum_t x_t$ with $h_g=\sum_{t\in g}V_t/\sum_t V_t$. The slider sets "
    r"$a=1-d$ and $b=1+d$; nothing else counts. Where more is recorded because more is patrolled, harm is no measure of need."
)
"""Proportionality in words."""
