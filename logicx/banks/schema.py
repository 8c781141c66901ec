"""What headers of files say: a schema for each, by which every field is checked before it is used.

Unknown fields are refused: a newer logicx may mean something by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from logicx.banks.naming import check_names, check_relations
from logicx.banks.universe import Universe
from logicx.errors import DataError, FileError, is_plain_text

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")

MOST = 1 << 48
"""More cells than any file has."""
LONGEST_AXIS = (1 << 31) - 1
"""Groups, and cells along an axis, are numbered in 32 bits."""
LONGEST_SIDE = 1 << 20
"""Height and width of an image, which nothing else in the file bounds where there is no image."""

Size = Annotated[int, Meta(ge=0, le=MOST)]
Axis = Annotated[int, Meta(ge=0, le=LONGEST_AXIS)]
Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Entry(Struct, forbid_unknown_fields=True):
    """A tensor in the header of a safetensors file."""

    dtype: str
    shape: list[Size]
    data_offsets: tuple[Size, Size]


class Header(Struct, forbid_unknown_fields=True):
    """What the metadata entry says."""

    kind: str
    format_version: int
    manifest: dict[str, Any]
    tensors: dict[str, Hash]
    content: Hash


class UniverseEntry(Struct, forbid_unknown_fields=True):
    """The cells."""

    kind: str
    shape: list[Axis]
    offsets: list[Axis]

    def universe(self) -> Universe:
        """The universe.

        Raises:
            DataError: Its parts do not fit.
        """
        found = Universe(self.kind, tuple(self.shape), tuple(self.offsets))
        if found.n_cells > MOST or (self.kind == "pixels" and max(self.shape[1:]) > LONGEST_SIDE):
            raise DataError(f"a universe of {found} is too large")
        if self.offsets and self.kind != "tokens":
            raise DataError(f"a universe of {self.kind} has no offsets")
        return found


class BankManifest(Struct, forbid_unknown_fields=True):
    """The manifest of a bank."""

    name: str
    names: list[str]
    categories: list[str]
    universe: UniverseEntry
    relations: dict[str, dict[str, list[str]]]
    source: dict[str, Any]
    texts_per_cell: Annotated[int, Meta(ge=1, le=2)] | None = None

    def check(self) -> None:
        """Raise a `DataError` where the fields do not fit each other."""
        if not is_plain_text(self.name):
            raise DataError(f"the name of a bank must be printable text, not {self.name!r}")
        check_names(self.names, self.categories)
        check_relations(self.relations, self.names)
        check_source(self.source)


class KnownSource(Struct):
    """Of the facts on where a file came from, those that logicx reads again."""

    images: list[str] | None = None
    notes: list[str] = []
    photographs: Annotated[str, Meta(pattern="^([0-9a-f]{8})*$")] | None = None


def check_source(source: dict[str, Any]) -> None:
    """Raise a `DataError` where a fact that is read again is of another type."""
    try:
        known = msgspec.convert(source, KnownSource)
    except msgspec.ValidationError as error:
        raise DataError(f"its source: {error}") from error
    images = known.images or ()
    if known.photographs is not None and len(known.photographs) != 8 * len(images):
        raise DataError(f"its source: photographs are not those of its {len(images):,} images")
    odd = [one for one in images if not is_plain_text(one)]
    if odd:
        raise DataError(f"the name of an image must be printable text, not {odd[0]!r}")


def conforming(values: Any, schema: type[T], path: Path) -> T:
    """Plain values as what they must be.

    Raises:
        FileError: A field is missing, unknown, or of another type or range; it says which.
    """
    try:
        return msgspec.convert(values, schema)
    except (msgspec.ValidationError, RecursionError) as error:
        raise FileError(
            f"{path}: its header is damaged ({error})", hint="make the file anew"
        ) from error
