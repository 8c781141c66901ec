"""What lines of a journal say: fields, types and ranges, checked as each is read.

Fields that are not named here are kept as they are.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

Size = Annotated[int, Meta(ge=0, le=1 << 48)]
Length = Annotated[int, Meta(ge=1, le=1 << 31)]


class Settings(Struct):
    """What a run depends on: the content hashes of bank and units, and more."""

    bank: str
    units: str


class Header(Struct):
    """The first line."""

    format_version: int
    n_units: Size
    settings: Settings


class CountsEntry(Struct, forbid_unknown_fields=True):
    """Cells where formula and unit agree and differ."""

    tp: Size
    fp: Size
    fn: Size
    tn: Size


class ScoredEntry(Struct):
    """A formula with its score."""

    formula: str
    score: float
    length: Length
    counts: CountsEntry


class Explained(Struct):
    """The line of a unit that is explained."""

    unit: str
    formula: str
    objective: str
    score: float
    length: Length
    counts: CountsEntry
    best_single: ScoredEntry
    by_length: list[ScoredEntry]
    iou: float
    precision: float
    recall: float
    bound: float | None = None
    is_proven: bool | None = None
    space: str = ""
    ceiling: float | None = None
    alternatives: list[ScoredEntry] = []
    is_complete: bool | None = None
    certificate: str = ""


class Skipped(Struct):
    """The line of a unit that is left out."""

    unit: str
    skipped: str


def fault(row: dict[str, Any], is_header: bool) -> str:
    """What is wrong with a line, such as a missing field, or nothing."""
    schema = Header if is_header else Skipped if "skipped" in row else Explained
    try:
        msgspec.convert(row, schema)
    except (msgspec.ValidationError, RecursionError) as error:
        return str(error)
    return ""
