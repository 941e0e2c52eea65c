"""The police.uk service: where it is, how fast it may be asked, and how it says "too large"."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

from patrol_core.errors import SourceError
from patrol_core.web import Policy, Refusal, ServiceSettings

SERVICE_URL = "https://data.police.uk/api"
#: Environment variable that names another service, such as a copy for tests.
URL_VARIABLE = "PATROL_POLICE_API_URL"
#: Published limits: sustained requests a second, and burst; then 429.
PUBLISHED_RATE, PUBLISHED_BURST = 15.0, 30


@dataclass(frozen=True)
class ApiSettings(ServiceSettings):
    """Where police.uk is and how it is asked; the rest as of :class:`patrol_core.web.ServiceSettings`.

    The defaults, 8 requests a second after a burst of 4 and at most four at once, keep every second below 12.

    Attributes:
        smallest_tile_m: Polygons whose bounding box is below this (metres) are not split further.
        remember_s: How long lists (months, categories, forces) are used again without asking, seconds.
    """

    most_rate_per_s: ClassVar[float] = PUBLISHED_RATE
    most_burst: ClassVar[int] = PUBLISHED_BURST

    base_url: str = SERVICE_URL
    smallest_tile_m: float = 50.0
    remember_s: float = 3600.0

    @classmethod
    def from_environment(cls) -> ApiSettings:
        """The defaults, with the address in ``PATROL_POLICE_API_URL`` when that is set."""
        return cls(base_url=os.environ.get(URL_VARIABLE) or SERVICE_URL)


class TooLarge(SourceError):
    """The service refuses a question because more than 10,000 crimes answer it."""


def _too_large(host: str, path: str) -> SourceError:
    return TooLarge(f"{host} refuses {path}: more than 10,000 crimes answer it; ask for a smaller area.")


#: A 503 to a question that can be too large means that far more often than "down"; the small question tells which.
POLICY = Policy(
    instead="give downloaded police.uk files instead",
    no_redirects="because they lose the polygon",
    refusal=Refusal(503, "crime-last-updated", _too_large),
)
