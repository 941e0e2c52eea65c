"""Three roles, what each may do, and who has which.

Without sign-in there is one person, on this machine, who may do everything. With sign-in everybody else than those named
in the file of roles is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, get_args

from pydantic import Field

from patrol_core.errors import InputError, PatrolError
from patrol_core.files.documents import Document, Name, about, read_document

MOST_BYTES = 1_000_000
GROUP = "group:"
"""Before the name of a group of the identity provider."""


class Role(StrEnum):
    """What somebody is here for."""

    VIEW = "view"
    PLAN = "plan"
    ADMINISTER = "administer"


Action = Literal[
    "look",
    "upload",
    "keep",
    "delete",
    "export",
    "adopt",
    "fill store",
    "clear store",
    "delete of others",
    "read audit",
]
"""``look``: pages and figures. ``upload``: bring data in, by file, pull or from the store. ``keep``: projects and scenarios of one's
own. ``delete``: a project of one's own. ``export``: download files. ``adopt``: decide for a plan. ``fill store``, ``clear store``: what all
share. ``delete of others``: projects of anybody. ``read audit``: who did what."""

_PLAN: frozenset[str] = frozenset({"look", "upload", "keep", "delete", "export", "adopt", "fill store"})
ACTIONS: Mapping[Role, frozenset[str]] = {
    Role.VIEW: frozenset({"look"}),
    Role.PLAN: _PLAN,
    Role.ADMINISTER: frozenset(get_args(Action)),
}
"""What each role may do; a role may nothing that does not stand here."""
WORDS: Mapping[str, str] = {
    "look": "see the pages",
    "upload": "bring data in",
    "keep": "keep projects",
    "delete": "delete projects",
    "export": "download files",
    "adopt": "adopt a plan",
    "fill store": "add to the store",
    "clear store": "clear the store",
    "delete of others": "delete projects of others",
    "read audit": "read the audit log",
}


class NotAllowed(PatrolError):
    """Something that a role may not do."""

    exit_code = 2


@dataclass(frozen=True)
class Person:
    """Somebody at a page.

    Attributes:
        id: How the audit log names them: the confirmed e-mail address, else the provider's own identifier; "" without
            sign-in.
        owner: Name of the folder of their projects, 32 hexadecimal digits from which nobody learns who it is; "" where
            nothing can be kept for them.
        role: What they may do.
        signed_in: Whether an identity provider said who it is.
    """

    id: str
    owner: str
    role: Role
    signed_in: bool = False


def may(person: Person, action: Action) -> bool:
    """Whether somebody may do something: the one place that decides it."""
    return action in ACTIONS[person.role]


def require(person: Person, action: Action) -> None:
    """Go on only where somebody may do something.

    Raises:
        NotAllowed: One sentence: what the role may not do, and whom to ask.
    """
    if not may(person, action):
        needed = next(role for role in Role if action in ACTIONS[role])
        raise NotAllowed(
            f"The role {person.role.value!r} may not {WORDS[action]}; it takes the role {needed.value!r}: "
            "ask whoever administers this dashboard."
        )


class Roles(Document):
    """Who has which role: e-mail addresses, ``*@`` and a domain, or ``group:`` and a group of the identity provider."""

    model_config = about(
        "Roles", {"plan": ["ann@force.example", "group:analysts"], "administer": ["chief@force.example"]}
    )

    view: tuple[Name, ...] = Field((), description="Who may look and nothing else.")
    plan: tuple[Name, ...] = Field((), description="Who may bring data in, plan, keep projects and download.")
    administer: tuple[Name, ...] = Field(
        (), description="Who may also delete what others keep, clear the store and read the audit log."
    )


def read_roles(path: Path) -> Roles:
    """The file of roles.

    Raises:
        InputError: Where there is none, or it is not one; with sign-in nobody is let in then.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(
                f"The file of roles {path} is larger than {MOST_BYTES // 1_000_000} MB; name groups or domains."
            )
        text = path.read_bytes()
    except OSError:
        raise InputError(
            f"Sign-in is on, but there is no file of roles {path}, so nobody is let in: write one, or set PATROL_ROLES_FILE."
        ) from None
    return read_document(Roles, text, path.name)


def alone(mark: str) -> Person:
    """The one person of a dashboard without sign-in.

    Args:
        mark: What their browser is known by; "" where it takes no cookies.
    """
    return Person("", owner_of("browser", mark) if mark else "", Role.ADMINISTER)


def person_of(claims: Mapping[str, object], roles: Roles) -> Person | None:
    """Somebody as the identity provider describes them, with the highest role they have; None for whom none is named.

    Args:
        claims: Of the identity token: ``iss`` and ``sub`` say who it is; ``email`` counts unless ``email_verified`` is
            false; ``groups`` or ``roles`` are lists of names.
        roles: Who has which role.
    """
    subject = str(claims.get("sub") or "")
    if not subject:
        return None
    names = _names(claims)
    found = [role for role in Role if names & {entry.strip().lower() for entry in getattr(roles, role.value)}]
    if not found:
        return None
    mail = _mail(claims)
    return Person(
        mail or subject, owner_of("person", str(claims.get("iss") or ""), subject), found[-1], signed_in=True
    )


def _mail(claims: Mapping[str, object]) -> str:
    """The e-mail address, where the provider does not say that it was never confirmed."""
    mail = claims.get("email")
    confirmed = claims.get("email_verified", True) not in (False, "false")
    return mail.strip().lower() if isinstance(mail, str) and confirmed else ""


def _names(claims: Mapping[str, object]) -> set[str]:
    """Under what the file of roles may name somebody."""
    mail = _mail(claims)
    names = {mail, f"*@{mail.rpartition('@')[2]}"} if "@" in mail else set()
    for claim in ("groups", "roles"):
        given = claims.get(claim)
        if isinstance(given, Sequence) and not isinstance(given, str):
            names |= {f"{GROUP}{one}".strip().lower() for one in given if isinstance(one, str)}
    return names


def owner_of(*parts: str) -> str:
    """Name of a folder, from which nobody learns whose it is."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
