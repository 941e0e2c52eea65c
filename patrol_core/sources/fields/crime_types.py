"""Crime types as police.uk publishes them, and the other ways in which they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: The 14 crime types of today, and two of the years 2010 to 2013.
CRIME_TYPES: tuple[str, ...] = (
    "Anti-social behaviour",
    "Bicycle theft",
    "Burglary",
    "Criminal damage and arson",
    "Drugs",
    "Other crime",
    "Other theft",
    "Possession of weapons",
    "Public order",
    "Robbery",
    "Shoplifting",
    "Theft from the person",
    "Vehicle crime",
    "Violence and sexual offences",
)
OLD_CRIME_TYPES: tuple[str, ...] = ("Violent crime", "Public disorder and weapons")
NO_TYPE = "Not stated"
#: Category slugs of the service and the words police.uk files use for them.
CATEGORY_NAMES: Mapping[str, str] = {
    "anti-social-behaviour": "Anti-social behaviour",
    "bicycle-theft": "Bicycle theft",
    "burglary": "Burglary",
    "criminal-damage-arson": "Criminal damage and arson",
    "drugs": "Drugs",
    "other-crime": "Other crime",
    "other-theft": "Other theft",
    "possession-of-weapons": "Possession of weapons",
    "public-disorder-weapons": "Public disorder and weapons",  # 2011 to 2013
    "public-order": "Public order",
    "robbery": "Robbery",
    "shoplifting": "Shoplifting",
    "theft-from-the-person": "Theft from the person",
    "vehicle-crime": "Vehicle crime",
    "violent-crime": "Violence and sexual offences",
}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower().replace("&", "and"))


_BY_PLAIN = {
    _plain(name): name for name in (*CATEGORY_NAMES.values(), *CRIME_TYPES, *OLD_CRIME_TYPES, NO_TYPE)
}
_BY_SLUG = {_plain(slug): name for slug, name in CATEGORY_NAMES.items()}


def published_type(text: str) -> str:
    """The published name that a crime type stands for, or "" if for none.

    Args:
        text: A name in any case, with any spaces and marks ("VEHICLE CRIME", "criminal damage & arson"), or a
            slug of the API ("violent-crime", "violent_crime"). The slug violent-crime is today's violence and
            sexual offences; the words "Violent crime" are the type of 2010 to 2013.
    """
    slug = re.fullmatch(r"[a-z]+(?:[-_][a-z]+)*", text.strip().lower()) is not None
    first, second = (_BY_SLUG, _BY_PLAIN) if slug else (_BY_PLAIN, _BY_SLUG)
    plain = _plain(text)
    return first.get(plain) or second.get(plain, "")
