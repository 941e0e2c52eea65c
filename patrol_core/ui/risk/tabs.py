"""The tabs of the Risk page, in their order; only the open one computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from patrol_core.planning import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.risk.accuracy import accuracy_tab
from patrol_core.ui.risk.harm import harm_tab
from patrol_core.ui.risk.near_repeat import near_repeat_tab
from patrol_core.ui.risk.slices import slices_tab
from patrol_core.ui.risk.static import static_tab

HIGHEST = "Highest zones"
"""The first tab, which follows the month above the map."""
TABS: Mapping[str, Callable[[Scenario, Prepared], None]] = {
    "Small multiples": slices_tab,
    "Harm weights": harm_tab,
    "Near repeats": near_repeat_tab,
    "Accuracy": accuracy_tab,
    "Why here: static score": static_tab,
}
