"""JSON read strictly: one object, no key twice, only finite numbers; a fault is one sentence with its place."""

from __future__ import annotations

import json
from typing import Any

from patrol_core.errors import InputError


def load_document(text: str | bytes, *, needs: str = "a 'kind'") -> dict[str, Any]:
    """Read JSON text strictly: no NaN or Infinity, no key twice, an object at the top.

    Parameters
    ----------
    needs
        What the object must have, for the message.

    Raises
    ------
    InputError
        With line and column where the text is not JSON.
    """
    try:
        loaded = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        raise InputError(
            f"The game is not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}."
        ) from None
    except UnicodeDecodeError:
        raise InputError("The game is not UTF-8 text: save the JSON file as UTF-8.") from None
    except InputError:
        raise
    except ValueError:  # whole numbers of thousands of digits
        raise InputError(
            "The game holds a number with too many digits: accepted are finite numbers."
        ) from None
    except RecursionError:
        raise InputError(
            "The game is nested too deeply to be a game: accepted is a flat JSON object."
        ) from None
    if not isinstance(loaded, dict):
        raise InputError(f"The game is {shown(loaded)}: accepted is a JSON object with {needs}.")
    return loaded


def _no_constant(name: str) -> float:
    raise InputError(f"The game holds {name}, which is not a number in JSON: accepted are finite numbers.")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InputError(f"The game gives the key {twice!r} twice in one object: each may appear once.")
    return result


def shown(value: object) -> str:
    """A value as it stands in the document, cut to a readable length."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
