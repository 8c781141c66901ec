"""Images and masks in Parquet files, as Hugging Face's `datasets` writes them.

Files anywhere below the folder, in the order of their paths; a row an image:

- a column of images and one of masks, each with `bytes` (a file's) and `path`;
- columns of whole-image labels, if wanted: texts, or numbers whose names (`ClassLabel`) the file
  states; -1 and nothing mean no label;
- `id2label.json` (`{"0": "wall"}`), `labels.tsv` or `labels.csv` (`index`, `name`) beside them,
  which name the values of masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logicx.banks.strict_json import strict_json
from logicx.banks.tables import read_table
from logicx.errors import DataError, FileError
from logicx.sources.vision.compiling import compile_images
from logicx.sources.vision.decoding import DamagedFile
from logicx.sources.vision.images import Folder, unique
from logicx.sources.vision.labels import Labelled
from logicx.sources.vision.masked import Codes, MaskedImages
from logicx.sources.vision.settings import ImageSettings

if TYPE_CHECKING:
    from pathlib import Path

    from logicx.banks.bank import ConceptBank

MASKS = ("annotation", "mask", "label", "segmentation", "segmentation_mask", "labels")
"""Columns that are taken for masks where none is named, the first that is there."""
LABELS = ("id2label.json", "labels.tsv", "labels.csv")


@dataclass(frozen=True)
class ParquetSettings(ImageSettings):
    """A folder of Parquet files with images and masks; see also `ImageSettings`.

    Args:
        image: The column of images.
        mask: The column of masks; by default the first of `annotation`, `mask`, `label`,
            `segmentation`, `segmentation_mask` and `labels` that holds files.
        scenes: Columns of whole-image labels.
        labels: The table of names; by default `id2label.json`, `labels.tsv` or `labels.csv`.
        unnamed: Names in the table that mean no label.
        ignore: Values of masks that mean no label and stand in no table, such as 255.
    """

    image: str = "image"
    mask: str = ""
    scenes: tuple[str, ...] = ()
    labels: str = ""
    unnamed: tuple[str, ...] = ("unlabelled", "unlabeled", "void", "background")
    ignore: tuple[int, ...] = ()


class ParquetImages(MaskedImages):
    """Images and masks in Parquet files; see `ParquetSettings`."""

    settings: ParquetSettings

    def __init__(self, path: Path, settings: ParquetSettings) -> None:
        """Read the names, and how many rows each file has."""
        super().__init__(Folder(path), "", settings)
        try:
            from pyarrow import ArrowException, parquet
        except ImportError as error:
            raise FileError(
                f"{path}: reading Parquet needs pyarrow", hint='pip install "logicx[tables]"'
            ) from error
        names = self.folder.listed("", (".parquet",))
        if not names:
            raise FileError(f"{path} holds no .parquet file")
        self._errors = (ArrowException, OSError, ValueError)
        self._groups: list[tuple[str, Any, int]] = []
        self._places: list[tuple[int, int]] = []
        self._loaded: tuple[int, list[dict[str, Any]]] = (-1, [])
        self._scene_names: dict[str, list[str]] = {}
        for name in names:
            self.folder.note(name)
            try:
                opened = parquet.ParquetFile(path / name)
            except self._errors as error:
                raise FileError(f"{path / name} is no readable Parquet file ({error})") from error
            self._check_columns(path / name, opened.schema_arrow)
            for group in range(opened.num_row_groups):
                n_rows = opened.metadata.row_group(group).num_rows
                self._places += [(len(self._groups), row) for row in range(n_rows)]
                self._groups.append((name, opened, group))
        if not self._places:
            raise FileError(f"{path}: the .parquet files hold no row")
        self._read_labels()
        self.images = self._image_names()[: settings.first or None]

    def _check_columns(self, where: Path, schema: Any) -> None:
        """Find the columns, of which all files must have the same."""
        from pyarrow import types

        def holds_files(column: str) -> bool:
            kind = schema.field(column).type if column in schema.names else None
            return kind is not None and types.is_struct(kind) and kind.get_field_index("bytes") >= 0

        mask = self.settings.mask or next((one for one in MASKS if holds_files(one)), "")
        for column in (self.settings.image, mask or "mask"):
            if not holds_files(column):
                raise FileError(
                    f"{where} has no column {column!r} of files, with bytes and path",
                    hint=f"name it by image= or mask=; it has: {', '.join(schema.names)}",
                )
        self._mask = mask
        stated = (schema.metadata or {}).get(b"huggingface")
        features: Any = {}
        if stated:
            features = strict_json(stated, where).get("info", {}).get("features", {})
        for column in self.settings.scenes:
            if column not in schema.names:
                raise FileError(f"{where} has no column {column!r}")
            names = features.get(column, {}).get("names") if isinstance(features, dict) else None
            if isinstance(names, dict):
                names = [names[key] for key in sorted(names, key=int)]
            if names and self._scene_names.setdefault(column, names) != names:
                raise DataError(f"{where}: the names of {column!r} differ from those before")

    def _read_labels(self) -> None:
        settings = self.settings
        name = settings.labels or next((one for one in LABELS if self.folder.has(one)), "")
        if not name:
            raise FileError(
                f"{self.folder.path} has no table of names",
                hint=f"one of {', '.join(LABELS)}: what the values of masks mean",
            )
        where = self.folder.path / self.folder.check(name, "settings")
        data = self.folder.read(name)
        if name.endswith(".json"):
            stated = strict_json(data, where)
            if not isinstance(stated, dict) or not all(
                isinstance(one, str) for one in stated.values()
            ):
                raise FileError(f"{where} must map values to names, as id2label does")
            rows = list(stated.items())
        else:
            table = read_table(where)
            self.found_notes += table.notes
            if not {"index", "name"} <= set(table):
                raise FileError(f"{where} needs the columns index and name")
            rows = list(zip(table["index"], table["name"], strict=True))
        found = []
        for value, called in rows:
            if not (value.isascii() and value.isdigit()) or len(value) > 9:
                raise DataError(f"{where}: {value!r} is no value of a mask")
            is_named = called.strip().casefold() not in settings.unnamed
            number = self.vocabulary.add(called.strip(), "object", str(where)) if is_named else 0
            found.append((int(value), number, called))
        self.by_index = Codes.of(
            {**dict.fromkeys(settings.ignore, 0), **unique(found, f"{where}: a value")}
        )

    def _image_names(self) -> list[str]:
        """Names of the images: their own paths, or file and row where these are not distinct."""
        found = []
        for k, (name, opened, group) in enumerate(self._groups):
            column = f"{self.settings.image}.path"
            table = opened.read_row_group(group, columns=[column])
            rows = table.column(0).to_pylist()
            n_rows = sum(1 for one, _ in self._places if one == k)
            paths = [(one or {}).get("path") for one in rows] or [None] * n_rows
            found += [(one, f"{name}#{group}.{row}") for row, one in enumerate(paths)]
        own = [one for one, _ in found]
        is_own = all(own) and len(set(own)) == len(own)
        return [str(path) if is_own else place for path, place in found]

    def labelled(self, i: int) -> Labelled:
        """The image of a row, with its mask and labels."""
        place, row = self._places[i]
        name, opened, group = self._groups[place]
        where = f"{self.folder.path / name}, row {row} of group {group}"
        if self._loaded[0] != place:
            columns = [self.settings.image, self._mask, *self.settings.scenes]
            try:
                table = opened.read_row_group(group, columns=columns)
            except self._errors as error:
                raise FileError(f"{self.folder.path / name} is damaged: {error}") from error
            self._loaded = (place, table.to_pylist())
        values = self._loaded[1][row]
        image, mask = (self._bytes(values, one, where) for one in (self.settings.image, self._mask))
        seen = self.pixels.of_bytes(image, where, self.images[i])
        plane = self.plane_of(mask, f"{where}, the mask", seen)
        whole = [
            number for one in self.settings.scenes for number in self._scene(one, values, where)
        ]
        return Labelled(self.images[i], [plane], whole, seen.colors)

    def _bytes(self, values: dict[str, Any], column: str, where: str) -> bytes:
        found = values[column]
        data = found.get("bytes") if isinstance(found, dict) else None
        if not isinstance(data, bytes):
            raise DamagedFile(f"{where}: {column} holds no file, only a path at most")
        return data

    def _scene(self, column: str, values: dict[str, Any], where: str) -> list[int]:
        value, names = values[column], self._scene_names.get(column)
        if value is None or value == "" or value == -1:
            return []
        if isinstance(value, str):
            return [self.vocabulary.number(value, column)]
        if names is None or type(value) is not int or not 0 <= value < len(names):
            raise DataError(
                f"{where}: {column} is {value!r}, which has no name",
                hint="the file's ClassLabel names no such label"
                if names
                else "the file states no ClassLabel for it",
            )
        return [self.vocabulary.number(names[value], column)]


def compile_parquet(folder: Path, settings: ParquetSettings, **options: Any) -> ConceptBank:
    """The bank of Parquet files; see `logicx.sources.vision.compiling.compile_images`."""
    return compile_images(ParquetImages(folder, settings), settings, **options)
