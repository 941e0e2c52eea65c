"""Who is at this page: the person an identity provider names, or else the browser, by a mark that only it has.

Sign-in is Streamlit's own (``[auth]`` in ``secrets.toml``). Without it a browser is known by a random cookie that pages cannot read and that
no other site's requests carry; it is set with the answer that every page fetches before it connects.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import streamlit as st

from patrol_core.access import Action, AuditLog, Person, Role, alone, may, person_of, read_roles, require
from patrol_core.errors import InputError, PatrolError
from patrol_core.settings import settings
from patrol_core.ui.session.escaping import escape

MARK = "patrol_mark"
"""Name of the cookie."""
NO_UPLOADS = "Your role may look and bring nothing in: ask whoever administers this dashboard."
YEAR_S = 31_536_000
SHARED = "everybody on this machine"
_MARK = re.compile(r"[0-9a-f]{32}")
_ASKED = "/_stcore/host-config"
"""What every page fetches from its own server before it connects."""

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class BrowserMark:
    """Gives each browser its mark; part of the server (``app.py``).

    Args:
        app: The rest of the server.
    """

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the server does, with the cookie where one is due."""
        headers = {name.lower(): value for name, value in scope.get("headers", ())}
        own = headers.get(b"sec-fetch-site", b"same-origin") in (b"same-origin", b"none")
        if scope["type"] != "http" or not scope["path"].endswith(_ASKED) or not own:
            await self.app(scope, receive, send)
            return
        found = re.search(
            rf"(?:^|;\s*){MARK}=([0-9a-f]{{32}})(?:;|$)", headers.get(b"cookie", b"").decode("latin-1")
        )
        mark = found[1] if found else secrets.token_hex(16)
        safe = scope.get("scheme") == "https" or headers.get(b"x-forwarded-proto") == b"https"
        cookie = (
            f"{MARK}={mark}; Path=/; Max-Age={YEAR_S}; HttpOnly; SameSite=Strict{'; Secure' if safe else ''}"
        )

        async def tell(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                message["headers"] = [*message.get("headers", ()), (b"set-cookie", cookie.encode())]
            await send(message)

        await self.app(scope, receive, tell)


def signing_in() -> bool:
    """Whether people sign in here: an identity provider is set up, or a file of roles says that one should be.

    Where secrets cannot be read Streamlit goes on without sign-in; a file of roles keeps the door shut then.
    """
    return "is_logged_in" in st.user or settings().roles_file.exists()


def person() -> Person | None:
    """Who is at this page; None for whom is not signed in, or has no role.

    Raises:
        InputError: Where sign-in is on and the file of roles cannot be used.
    """
    if not signing_in():
        return alone(SHARED if settings().share_projects else browser_mark())
    return (
        person_of(st.user.to_dict(), read_roles(settings().roles_file))
        if st.user.get("is_logged_in")
        else None
    )


def allowed(action: Action) -> bool:
    """Whether who is at this page may do something."""
    try:
        found = person()
    except PatrolError:
        return False
    return found is not None and may(found, action)


def demand(action: Action) -> None:
    """Go on only where who is at this page may do something.

    Raises:
        NotAllowed: Where they may not.
    """
    require(person() or Person("", "", Role.VIEW), action)


def log() -> AuditLog:
    """The audit log of this installation."""
    return AuditLog(settings().cache_dir / "audit.jsonl")


def record(action: str, what: str) -> None:
    """Note in the audit log what who is signed in does; without sign-in there is one person, and no log.

    Raises:
        SourceError: Where it cannot be written.
    """
    recorder()(action, what)


def recorder() -> Callable[[str, str], None]:
    """:func:`record` for later, when the page is no longer being drawn."""
    found, book = person() if signing_in() else None, log()

    def note(action: str, what: str) -> None:
        if found is not None:
            book.add(found.id, action, what)

    return note


def admitted() -> bool:
    """Whether the pages may be drawn; where not, ask for sign-in, or say why nobody is let in."""
    if not signing_in():
        return True
    try:
        found = person()
        if "is_logged_in" not in st.user:
            raise InputError(
                f"There is a file of roles {settings().roles_file}, but no identity provider is set up, so nobody is let in: give its "
                "section [auth] in secrets.toml, or take the file away."
            )
    except PatrolError as error:
        st.error(escape(error), icon=":material/lock:")
        return False
    if found is not None:
        return True
    st.title("Patrol planner", anchor=False)
    if not st.user.get("is_logged_in"):
        st.write("Sign in to go on. What you bring in is then kept for you alone.")
        for name in _providers():
            st.button(
                f"Sign in with {escape(name)}" if name else "Sign in",
                key=f"_sign_in_{name}",
                type="primary",
                on_click=st.login,
                args=(name,) if name else (),
            )
        return False
    who = st.user.get("email") or st.user.get("name") or "somebody"
    st.error(
        f"You are signed in as {escape(who)}, for whom no role is set, so nothing is shown: ask whoever administers this dashboard.",
        icon=":material/lock:",
    )
    st.button("Sign out", on_click=st.logout)
    return False


def sign_out_button() -> None:
    """Who is signed in, with which role, and the way out; nothing without sign-in."""
    found = person() if signing_in() else None
    if found is not None:
        with st.sidebar:
            st.caption(f"Signed in as {escape(found.id)}, role {found.role.value}.")
            st.button("Sign out", on_click=st.logout, type="tertiary", icon=":material/logout:")


def _providers() -> list[str]:
    """Names of the identity providers; "" for the one that needs none."""
    auth = st.secrets.get("auth", {})
    named = [str(name) for name, value in auth.items() if hasattr(value, "keys") and "client_id" in value]
    return ["", *named] if "client_id" in auth else named


def browser_mark() -> str:
    """The mark of this browser; "" where it takes no cookies."""
    mark = str(st.context.cookies.get(MARK, ""))
    return mark if _MARK.fullmatch(mark) else ""
