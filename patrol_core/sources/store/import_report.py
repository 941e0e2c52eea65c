"""What an import of files read, took and left: counted while reading, then reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from patrol_core.areas import Finding
from patrol_core.sources.area import quality
from patrol_core.sources.store.adding import Added
from patrol_core.sources.store.records import Part


@dataclass(frozen=True)
class BulkReport:
    """What an import read, took and left.

    ``rows_read`` counts rows of files that were parsed; of these ``rows_kept`` are in the store now, ``rows_left_out`` had no month
    that could be read, and the others belong to force-months of which the store has a newer edition.

    Attributes:
        files: Tables read.
        same: Tables that were in the store already, byte for byte; they were not read again.
        ignored: Tables left out, with the reason.
        months, forces: Of the parts taken, sorted.
        outcomes: Of ``rows_kept`` those that are outcomes.
        replaced: Parts of older editions that went.
        older: Parts not taken because the store has newer ones.
        without_location, without_lsoa, without_crime_id: Crime rows read that lack these.
        findings: What was noticed, in words.
    """

    rows_read: int = 0
    rows_kept: int = 0
    rows_left_out: int = 0
    files: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    forces: tuple[str, ...] = ()
    outcomes: int = 0
    replaced: tuple[Part, ...] = ()
    older: tuple[Part, ...] = ()
    without_location: int = 0
    without_lsoa: int = 0
    without_crime_id: int = 0
    findings: tuple[Finding, ...] = ()


@dataclass
class ImportCounts:
    """What an import has read so far; the fields are those of :class:`BulkReport`."""

    rows: int = 0
    left_out: int = 0
    nowhere: int = 0
    no_lsoa: int = 0
    no_id: int = 0
    files: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    repeats: dict[str, tuple[int, str]] = field(default_factory=dict)  # how many by kind, first file
    bytes_done: int = 0
    _noted: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def note(self, finding: Finding) -> None:
        """Keep a finding once; at most a hundred, so that a bad archive does not fill the catalogue."""
        if len(self._noted) < 100:
            self._noted.setdefault((finding.severity, finding.text), finding)

    def findings(self) -> tuple[Finding, ...]:
        """What was noticed while reading, in words."""
        findings = list(self._noted.values())
        for words, (count, first) in self.repeats.items():
            findings.append(quality.repeat_finding(count, self.rows, words, first))
        if self.nowhere:
            text = f"{self.nowhere:,} of the rows have no coordinates; without LSOA code they are in no zone and in no plan."
            findings.append(Finding("warning", text, self.nowhere))
        if self.ignored:
            listed = "; ".join(self.ignored[:3]) + (" …" if len(self.ignored) > 3 else "")
            findings.append(Finding("info", f"{len(self.ignored)} files were ignored: {listed}."))
        return tuple(findings)

    def details(self) -> dict[str, int]:
        """Provenance for the catalogue."""
        return {
            "files": len(self.files),
            "files_already_stored": len(self.same),
            "left_out": self.left_out,
            "without_location": self.nowhere,
            "without_lsoa": self.no_lsoa,
            "without_crime_id": self.no_id,
        }


def report_of(counts: ImportCounts, added: Added) -> BulkReport:
    """The report of one container that is in the store now."""
    findings = list(added.pulls[0].findings)
    if added.older:
        names = "; ".join(p.describe() for p in added.older[:3]) + (" …" if len(added.older) > 3 else "")
        text = (
            f"{len(added.older)} files were not taken because the store has a newer edition ({names}); import them with "
            "an edition of their own to put them in its place."
        )
        findings.append(Finding("warning", text, sum(p.rows for p in added.older)))
    if added.replaced:
        text = f"{len(added.replaced)} force-months or files of an older edition were replaced."
        findings.append(Finding("info", text, sum(p.rows for p in added.replaced)))
    if counts.same:
        words = f"{len(counts.same)} files were in the store already, byte for byte."
        findings.append(Finding("info", words))
    return BulkReport(
        rows_read=counts.rows,
        rows_kept=added.pulls[0].rows_kept,
        rows_left_out=counts.left_out,
        files=tuple(counts.files),
        same=tuple(counts.same),
        ignored=tuple(counts.ignored),
        months=tuple(sorted({p.month for p in added.parts})),
        forces=tuple(sorted({p.force for p in added.parts if p.force})),
        outcomes=sum(p.rows for p in added.parts if p.dataset == "outcomes"),
        replaced=added.replaced,
        older=added.older,
        without_location=counts.nowhere,
        without_lsoa=counts.no_lsoa,
        without_crime_id=counts.no_id,
        findings=tuple(findings),
    )


def sum_of(reports: Sequence[BulkReport]) -> BulkReport:
    """Reports of several containers as one."""
    values: dict[str, Any] = {}
    for name in vars(reports[0]):
        each = [getattr(report, name) for report in reports]
        values[name] = sum(each) if isinstance(each[0], int) else tuple(chain.from_iterable(each))
    for name in ("months", "forces"):
        values[name] = tuple(sorted(set(values[name])))
    return BulkReport(**values)
