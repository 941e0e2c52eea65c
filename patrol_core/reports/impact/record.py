"""The record of a decision: nouns of the document, and the document as HTML and as Markdown.

The fields are those of the UK Algorithmic Transparency Recording Standard (ATRS, template v3.0, guidance of 8 May 2025; Tier 1 and
the five sections of Tier 2) and of an assessment under the public sector equality duty (Equality Act 2010, section 149).
What a run knows is filled in by :mod:`patrol_core.reports.impact.content`; everything else says who has to complete
it. Nothing is guessed. Text from data is escaped in both forms.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from patrol_core.reports.html import Table
from patrol_core.reports.templates import moment, number, render
from patrol_core.words import heading

TO_COMPLETE = "To be completed by"
OWNER = "the senior responsible owner"
TEAM = "the team that uses the plan"
DPO = "the data protection officer"
EQUALITY = "the equality lead"
SUPPLIER = "the procurement lead"


@dataclass(frozen=True, eq=False, slots=True)
class Field:
    """One question of the record.

    Attributes:
        label: The field's name in the standard.
        text: What the run knows: paragraphs; none where it knows nothing.
        tables: Caption and table of figures, shown below the text.
        by: Who has to complete or confirm it; "" where the run's answer is complete.
        ask: What exactly is asked of them.
    """

    label: str
    text: Sequence[str] = ()
    tables: Sequence[tuple[str, Table]] = ()
    by: str = ""
    ask: str = ""

    @property
    def open(self) -> str:
        """The sentence that marks what is still to be done; "" where nothing is."""
        if not self.by:
            return ""
        return f"{TO_COMPLETE} {self.by}{f': {self.ask}' if self.ask else ''}."


@dataclass(frozen=True, eq=False, slots=True)
class Section:
    """A titled part of the record."""

    title: str
    fields: Sequence[Field]
    intro: str = ""


def field(
    label: str, *text: str, tables: Sequence[tuple[str, Table]] = (), by: str = "", ask: str = ""
) -> Field:
    """A field, its paragraphs one after the other; ``label``, ``tables``, ``by`` and ``ask`` as in :class:`Field`."""
    return Field(label, text, tables, by, ask)


def section(title: str, *fields: Field, intro: str = "") -> Section:
    """A section, its fields one after the other."""
    return Section(title, fields, intro)


@dataclass(frozen=True, eq=False, slots=True)
class Record:
    """The whole document.

    Attributes:
        title, strip: Heading and the line below it: place, period, kind of data.
        banner: What must not be missed, such as that the data are generated; "" for none.
        parts: (heading, sections): Tier 1, Tier 2, equality impact assessment, sign-off.
        attribution: Licence lines of the data.
        made: When; None leaves it out (a record that must not change).
    """

    title: str
    strip: str
    banner: str
    parts: Sequence[tuple[str, Sequence[Section]]]
    attribution: str
    made: dt.datetime | None = None

    def open_fields(self) -> int:
        """How many fields wait for people."""
        return sum(bool(field.by) for _, sections in self.parts for part in sections for field in part.fields)


def record_html(record: Record) -> bytes:
    """The record as one HTML file (UTF-8) that loads nothing."""
    return render("impact_record.html.j2", record=record)


def record_markdown(record: Record) -> bytes:
    """The record as Markdown (UTF-8), one heading a field, ready to be edited."""
    lines = [f"# {markdown(record.title)}", "", markdown(record.strip), ""]
    if record.banner:
        lines += [f"> **{markdown(record.banner)}**", ""]
    if record.made is not None:
        lines += [
            f"Made {moment(record.made)}. {record.open_fields()} fields wait for the people responsible.",
            "",
        ]
    for title, sections in record.parts:
        lines += [f"## {markdown(title)}", ""]
        for section in sections:
            lines += [f"### {markdown(section.title)}", ""]
            lines += [markdown(section.intro), ""] if section.intro else []
            for field in section.fields:
                lines += _field_lines(field)
    lines += ["---", "", markdown(record.attribution), ""]
    return "\n".join(lines).encode()


def _field_lines(field: Field) -> list[str]:
    lines = [f"#### {markdown(field.label)}", ""]
    for paragraph in field.text:
        lines += [markdown(paragraph), ""]
    for caption, table in field.tables:
        lines += [f"*{markdown(caption)}*", "", *_table_lines(table), ""]
    if field.open:
        lines += [f"**[ ] {markdown(field.open)}**", ""]
    return lines


def _table_lines(table: Table) -> list[str]:
    shown = table.frame.head(table.most_rows)
    heads = [heading(str(column), table.units.get(str(column), "")) for column in shown.columns]
    lines = [_row(heads), _row(["---"] * len(heads), escaped=False)]
    lines += [
        _row([number(cell, table.digits) for cell in row]) for row in shown.itertuples(index=False, name=None)
    ]
    if len(table.frame) > len(shown):
        lines += ["", f"{len(shown)} of {len(table.frame):,} rows; the CSV files hold them all."]
    return [*lines, "", markdown(table.note)] if table.note else lines


def _row(cells: Sequence[str], *, escaped: bool = True) -> str:
    return "| " + " | ".join(markdown(cell) if escaped else cell for cell in cells) + " |"


def markdown(text: str) -> str:
    """Text that Markdown shows as it is: one line, no markup, no HTML, no table or list starting by accident."""
    line = re.sub(r"\s+", " ", str(text)).strip()
    line = re.sub(r"([\\`*_{}\[\]<>|#~$&])", r"\\\1", line)
    line = re.sub(r"^([-+=:])", r"\\\1", line)
    return re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", line)
