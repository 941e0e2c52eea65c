"""Text from links, files and data, made safe where Streamlit draws Markdown.

Whatever a session did not get from this program goes through :func:`escape` before it is drawn as, or inside, Markdown: in
sentences, labels of widgets, options of radios, segmented controls and select sliders, values of metrics, tables, and tabs.
Options of select boxes, editors and data frames are plain text and need none of it.
"""

from __future__ import annotations

import re

CLOCK = r"(?<=\d):(?=\d\d(?!\d))"
MARKS = re.compile(
    r"[\\`*{}\[\]<>|$~]"
    r"|(?<![^\W_])_|_(?![^\W_])"
    r"|&(?=#?\w+;)"
    rf"|(?!{CLOCK}):(?=[\w:+\-])"
)
"""What has a meaning in Markdown, LaTeX, HTML or Streamlit's directives; after a backslash it has none."""
START = re.compile(r"^(\s*)([#+\-=](?!\d)|\d+(?=[.)](?!\d)))")
"""What would begin a heading, a list or a rule."""
DRAWN = re.compile(rf"(?i)(?:https?|ftp|xmpp|mailto)(?=:)|www(?=\.)|(?<=\S)@(?=\S)|(?!{CLOCK}):(?=[\w+\-])")
"""What becomes a link, an emoji or an icon even after a backslash, since it is looked for in the text as read."""
JOINER = "\u2060"
"""No width, no break: parts what must not be read as one."""
UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters, and those that turn the direction of the text after them."""


def escape(text: object) -> str:
    """Text from outside as Markdown that shows it as it is: one line, no link, image, HTML, formula, list, icon or colour."""
    line = re.sub(r"\s+", " ", UNSEEN.sub("", str(text)))
    marked = START.sub(_begun, MARKS.sub(r"\\\g<0>", line))
    return DRAWN.sub(lambda found: found.group() + JOINER, marked)


def _begun(found: re.Match[str]) -> str:
    """The beginning of a line that begins nothing."""
    space, mark = found.groups()
    return f"{space}{mark}\\" if mark.isdigit() else f"{space}\\{mark}"


def escape_badge(text: object) -> str:
    """The same for the text of a badge, whose brackets Streamlit itself escapes."""
    return re.sub(r"\\([\[\]])", r"\1", escape(text))
