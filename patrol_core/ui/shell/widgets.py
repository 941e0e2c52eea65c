"""What pages are built of: widgets that remember their value, files, figures in a row, notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import streamlit as st

from patrol_core.ui.session import people
from patrol_core.ui.session.escaping import escape

Value = TypeVar("Value")
Number = TypeVar("Number", int, float)
Options = Mapping[Any, str] | Sequence[Any]
ONE_OF = ("selectbox", "radio", "segmented_control", "select_slider")
"""Widgets that offer several values and take one."""


@dataclass(frozen=True)
class Remembered:
    """Widgets whose values outlive their tab and page; Streamlit forgets a widget that is not drawn.

    Every method takes the label, the name of the value, its default, then what bounds it: ``low`` and ``high``, or
    ``options``, with their words where they are a mapping. ``into`` is the column or container to draw in; further
    arguments go to the Streamlit widget of that kind.

    Attributes:
        store: Session key of the values.
        prefix: What stands before a name in the widget's key.
    """

    store: str
    prefix: str

    @property
    def _held(self) -> dict[str, Any]:
        held: dict[str, Any] = st.session_state.setdefault(self.store, {})
        return held

    def value(self, name: str, default: Value) -> Value:
        """The value last seen, without drawing its widget."""
        found: Value = self._held.get(name, default)
        return found

    def put(self, **values: Any) -> None:
        """Set values from outside their widgets."""
        self._held.update(values)
        for name in values:
            st.session_state.pop(f"{self.prefix}{name}", None)

    def draw(self, widget: str, label: str, name: str, default: Any, into: Any, **more: Any) -> Any:
        """Draw a widget of any kind.

        Args:
            widget: Name of Streamlit's function.
            label, name, default, into, more: As for every method.
        """
        key = f"{self.prefix}{name}"
        if key not in st.session_state:
            st.session_state[key] = self.value(name, default)
        if widget in ONE_OF and st.session_state[key] not in more["options"]:
            st.session_state[key] = default  # what was offered then is not offered now
        self._held[name] = getattr(into, widget)(label, key=key, **more)
        return self._held[name]

    def whole(self, label: str, name: str, default: int, low: int, high: int, into: Any = st, **more: Any) -> int:  # fmt: skip
        """A whole number from ``low`` to ``high``.

        Args:
            label, name, default, low, high, into, more: See the class.
        """
        return int(self.maybe(label, name, default, low, high, into, **more) or 0)

    def maybe(
        self, label: str, name: str, default: int | None, low: int, high: int, into: Any = st, **more: Any
    ) -> int | None:
        """The same, or None where the field is left empty.

        Args:
            label, name, default, low, high, into, more: See the class.
        """
        found = self.draw(
            "number_input", label, name, default, into, min_value=low, max_value=high, step=1, **more
        )
        return None if found is None else int(found)

    def number(
        self,
        label: str,
        name: str,
        default: float,
        low: float | None = None,
        high: float | None = None,
        into: Any = st,
        **more: Any,
    ) -> float:
        """A number from ``low`` to ``high``.

        Args:
            label, name, default, low, high, into, more: See the class.
        """
        return float(
            self.draw("number_input", label, name, default, into, min_value=low, max_value=high, **more)
        )

    def slider(
        self, label: str, name: str, default: Number, low: Number, high: Number, into: Any = st, **more: Any
    ) -> Number:
        """A slider from ``low`` to ``high``.

        Args:
            label, name, default, low, high, into, more: See the class.
        """
        found: Number = self.draw("slider", label, name, default, into, min_value=low, max_value=high, **more)
        return found

    def percent(
        self, label: str, name: str, default: int, low: int, high: int, into: Any = st, **more: Any
    ) -> float:
        """A share, on a slider in %.

        Args:
            label, name, default, low, high, into, more: See the class.
        """
        return self.slider(label, name, default, low, high, into, step=5, format="%d %%", **more) / 100.0

    def toggle(self, label: str, name: str, default: bool, into: Any = st, **more: Any) -> bool:
        """A switch.

        Args:
            label, name, default, into, more: See the class.
        """
        return bool(self.draw("toggle", label, name, default, into, **more))

    def select(
        self, label: str, name: str, default: Value, options: Options, into: Any = st, **more: Any
    ) -> Value:
        """One of several in a box.

        Args:
            label, name, default, options, into, more: See the class.
        """
        return self._one_of("selectbox", label, name, default, into, **_offered(options), **more)

    def radio(
        self, label: str, name: str, default: Value, options: Options, into: Any = st, **more: Any
    ) -> Value:
        """One of several, all in sight.

        Args:
            label, name, default, options, into, more: See the class.
        """
        return self._one_of("radio", label, name, default, into, **_offered(options), **more)

    def segmented(
        self, label: str, name: str, default: Value, options: Options, into: Any = st, **more: Any
    ) -> Value:
        """One of several in a bar.

        Args:
            label, name, default, options, into, more: See the class.
        """
        return self._one_of(
            "segmented_control", label, name, default, into, required=True, **_offered(options), **more
        )

    def steps(
        self, label: str, name: str, default: Value, options: Options, into: Any = st, **more: Any
    ) -> Value:
        """One of several in order, on a slider.

        Args:
            label, name, default, options, into, more: See the class.
        """
        return self._one_of("select_slider", label, name, default, into, **_offered(options), **more)

    def _one_of(self, widget: str, label: str, name: str, default: Value, into: Any, **more: Any) -> Value:
        found: Value = self.draw(widget, label, name, default, into, **more)
        return default if found is None else found


def _offered(options: Options) -> dict[str, Any]:
    if isinstance(options, Mapping):
        return {"options": list(options), "format_func": options.__getitem__}
    return {"options": options}


here = Remembered("page_choices", "_")
"""Switches of single charts, maps and tables."""
ask = Remembered("game_tab_choices", "_game_")
"""Settings of the tabs of the plan's own pages: risk, patrol game, hours, patrol areas, resources."""


def upload(
    label: str,
    held: MutableMapping[Any, Any],
    name: str,
    *,
    key: str,
    several: bool = False,
    kinds: Sequence[str] | None = None,
) -> tuple[tuple[str, bytes], ...]:
    """Files of an uploader, with their names; they stay when the page is left, and go when they are taken away.

    Args:
        label, key: As of ``st.file_uploader``.
        held, name: Where they are kept, and under which name.
        several, kinds: Whether several are taken, and the endings of names; any by default.
    """
    if not people.allowed("upload"):
        st.caption(people.NO_UPLOADS)
        return ()

    def keep() -> None:
        given = st.session_state.get(key) or []
        files = given if isinstance(given, list) else [given]
        held[name] = tuple((file.name, file.getvalue()) for file in files)

    types = None if kinds is None else list(kinds)
    st.file_uploader(label, accept_multiple_files=several, type=types, key=key, on_change=keep)
    found: tuple[tuple[str, bytes], ...] = held.get(name, ())
    return found


@dataclass(frozen=True)
class Figure:
    """A number to be read at a glance.

    Attributes:
        label, value: What it is, and how much.
        beside: Words below it, such as a change against a named alternative.
        good: Which way a change is good: ``lower``, ``higher``, or neither, without an arrow.
        help: A sentence for those who ask.
    """

    label: str
    value: str
    beside: str | None = None
    good: Literal["lower", "higher", ""] = ""
    help: str | None = None


def figures(*shown: Figure | None, columns: int = 4) -> list[Any]:
    """Figures in a row; returns the places left for later.

    Args:
        shown: None leaves a place empty.
        columns: Places in the row.
    """
    colours: dict[str, Any] = {"lower": "inverse", "higher": "normal", "": "off"}
    later: list[Any] = []
    # One row and no columns: whatever is drawn inside another costs the browser a part of every step of a slider.
    with st.container(horizontal=True, gap="medium"):
        for one in (*shown, *(None,) * (columns - len(shown))):
            if one is None:
                later.append(st.container())
                continue
            st.metric(
                one.label,
                one.value,
                one.beside,
                delta_color=colours[one.good],
                delta_arrow="auto" if one.good else "off",
                help=one.help,
            )
    return later


def against(
    value: float, reference: float, words: str, *, least: float = 0.0, floor: float = 0.0, digits: int = 0
) -> str | None:
    """Relative change against a named alternative; None where it says nothing.

    Args:
        value, reference: The figure, and that of the alternative.
        words: What stands behind the share.
        least, floor: Smallest change that is told, and smallest alternative that changes are told of.
        digits: Decimals of the share in %.
    """
    if reference <= floor or abs(value / reference - 1) < least:
        return None
    return f"{value / reference - 1:+.{digits}%} {words}"


def captions(texts: Iterable[object]) -> None:
    """Notes in small type, a line each; any text will do."""
    for text in texts:
        st.caption(escape(text))
