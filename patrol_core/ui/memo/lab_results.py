"""Patrol games and what is worked out of them, kept between reruns of a session by their whole content."""

from __future__ import annotations

from patrol_core.figures.maps.patrol import Ground, ground_of
from patrol_core.graphs.patrol import estimate, matrix_of, simpler_plans
from patrol_core.graphs.places import PatrolScene
from patrol_core.roads import make_network
from patrol_core.ui.memo.kept import of_content

size_of = of_content()(estimate)
simpler = of_content()(simpler_plans)
matrix = of_content()(matrix_of)


@of_content()
def ground(scene: PatrolScene) -> Ground:
    """How the scene is drawn."""
    network = make_network(scene.edges, directed=scene.directed, nodes=list(scene.node_ids), xy=scene.xy)
    return ground_of(network, crs=scene.crs, names={str(node): name for node, name in scene.names.items()})
