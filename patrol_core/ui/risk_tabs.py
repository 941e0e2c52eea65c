"""The tabs of the Risk page, in their order; only the open one computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from patrol_core.analysis import Prepared
from patrol_core.scenario import Scenario
from patrol_core.ui.accuracy_view import accuracy_tab
from patrol_core.ui.density_view import density_tab
from patrol_core.ui.harm_view import harm_tab
from patrol_core.ui.hotspot_view import hotspot_tab
from patrol_core.ui.near_repeat_view import near_repeat_tab
from patrol_core.ui.slices_view import slices_tab
from patrol_core.ui.static_view import static_tab

HIGHEST = "Highest zones"
"""The first tab, which follows the month above the map."""
TABS: Mapping[str, Callable[[Scenario, Prepared], None]] = {
    "Small multiples": slices_tab,
    "Density": density_tab,
    "Harm weights": harm_tab,
    "Hot spots": hotspot_tab,
    "Near repeats": near_repeat_tab,
    "Accuracy": accuracy_tab,
    "Why here: static score": static_tab,
}
