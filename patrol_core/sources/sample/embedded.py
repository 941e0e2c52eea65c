"""The areas that come with the program: a generated city and two published examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from patrol_core.areas import AreaData
from patrol_core.errors import InputError
from patrol_core.sources.sample.city import load_sample
from patrol_core.sources.sample.classics import load_columbus, load_geodanet

#: Embedded areas, by key, in the order to offer them.
EMBEDDED: Mapping[str, Callable[[], AreaData]] = {
    "sample": load_sample,
    "columbus": load_columbus,
    "geodanet": load_geodanet,
}


def load_area(key: str) -> AreaData:
    """Load one of the embedded areas; needs neither network nor file.

    Raises:
        InputError: If ``key`` names none of them; the message lists the choices.
    """
    loader = EMBEDDED.get(key)
    if loader is None:
        raise InputError(f"There is no embedded area {key!r}; choose one of {', '.join(EMBEDDED)}.")
    return loader()
