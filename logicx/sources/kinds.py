"""The built-in kinds of recipes, registered through the same door as anybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from logicx.banks.arrays import read_arrays, texts
from logicx.banks.bank import ConceptBank
from logicx.banks.tablefiles import read_lines, read_table
from logicx.banks.tables import Column
from logicx.banks.universe import Universe
from logicx.errors import DataError, in_file
from logicx.sources.reading import Recipe, check_keys
from logicx.sources.source import SOURCE_KIND

Progress = Callable[[int, int], None] | None


@dataclass(frozen=True)
class TextSource:
    """A file of texts.

    Args:
        name: The kind.
        doc: What it reads.
        of_kind: Its settings' class, such as `pairs.PairSettings`, imported when it is used.
        function: What compiles it, likewise.
    """

    name: str
    doc: str
    of_kind: str
    function: str

    is_folder = False

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of the recipe that it reads."""
        return (self.name,)

    def read(self, recipe: Recipe) -> Any:
        """Its settings."""
        kind = _of_texts(self.of_kind)
        given = recipe.table(self.name, [one.name for one in fields(kind)])
        return kind.of_recipe(given, recipe.where(self.name))

    def compile(
        self, path: Path, settings: Any, *, name: str, source: dict[str, Any], progress: Progress
    ) -> ConceptBank:
        """The bank of a file."""
        function = _of_texts(self.function)
        bank: ConceptBank = function(path, settings, name=name, source=source, progress=progress)
        return bank


def _of_texts(name: str) -> Any:
    module, _, name = name.partition(".")
    return getattr(import_module(f"logicx.sources.text.{module}"), name)


@dataclass(frozen=True)
class ImageSource:
    """A folder of images with label maps."""

    name: str
    doc: str

    is_folder = True

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables of the recipe that it reads."""
        return (self.name,)

    def read(self, recipe: Recipe) -> Any:
        """Its settings."""
        from logicx.sources.settings import settings_of
        from logicx.sources.vision.recipe import READERS

        kind = READERS[self.name][0]
        given = recipe.table(self.name, [one.name for one in fields(kind)])
        return settings_of(kind, given, recipe.where(self.name))

    def compile(
        self, path: Path, settings: Any, *, name: str, source: dict[str, Any], progress: Progress
    ) -> ConceptBank:
        """The bank of a folder."""
        from logicx.sources.vision.compiling import compile_images
        from logicx.sources.vision.recipe import READERS

        reader = READERS[self.name][1](path, settings)
        return compile_images(reader, settings, name=name, source=source, progress=progress)


@dataclass(frozen=True)
class TableSettings:
    """How a table is read.

    Args:
        columns: The columns to use.
        header: Whether the first line names the columns; None where that is not stated.
        quotes: Whether quotation marks stand around fields; None where that is not stated.
    """

    columns: dict[str, Column]
    header: bool | None = None
    quotes: bool | None = None


@dataclass(frozen=True)
class TableSource:
    """A table, of whose columns some become concepts."""

    name: str = "table"
    doc: str = "columns of a .csv, .tsv, .parquet or .jsonl file, by category, truth or quantiles"
    tables: tuple[str, ...] = ("columns",)

    is_folder = False
    in_source = ("header", "quotes")

    def read(self, recipe: Recipe) -> TableSettings:
        """The columns to use, and how the file is read."""
        columns = {key: _column(recipe.path, key, value) for key, value in _columns(recipe)}
        stated = {name: recipe.table("source").get(name) for name in self.in_source}
        for name, value in stated.items():
            if value is not None and type(value) is not bool:
                raise DataError(f"{recipe.where('source')}: {name} is true or false, not {value!r}")
        return TableSettings(columns, **stated)

    def compile(
        self,
        path: Path,
        settings: TableSettings,
        *,
        name: str,
        source: dict[str, Any],
        progress: Progress,
    ) -> ConceptBank:
        """The bank of a table."""
        header = settings.header
        # the errors of read_table name the file themselves
        table = read_table(
            path,
            has_header=header is not False,
            is_sure=header is not None,
            quotes=settings.quotes,
        )
        with in_file(path):
            bank = ConceptBank.from_table(table, settings.columns, name=name, source=source)
        bank.notes = (*table.notes, *bank.notes)
        return bank


@dataclass(frozen=True)
class MaskSource:
    """Masks that are ready, one for each concept."""

    name: str = "masks"
    doc: str = "an .npz of masks and names, or an .npy of masks and a file of names"
    tables: tuple[str, ...] = ()

    is_folder = False

    def read(self, recipe: Recipe) -> Path | None:
        """The file of names, if there is one."""
        stated = recipe.table("source")
        return recipe.inside(stated["names"]) if "names" in stated else None

    def compile(
        self,
        path: Path,
        settings: Path | None,
        *,
        name: str,
        source: dict[str, Any],
        progress: Progress,
    ) -> ConceptBank:
        """The bank of a file of masks."""
        bank = _masks(path, settings, name)
        bank.source = source
        return bank


def _columns(recipe: Recipe) -> Iterable[tuple[str, Any]]:
    columns = recipe.values.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise DataError(
            f"{recipe.path} names no columns", hint='add [columns] with: color = "category"'
        )
    return columns.items()


def _column(recipe: Path, name: str, value: Any) -> Column:
    if isinstance(value, str):
        return Column(value)
    check_keys(recipe, value, [one.name for one in fields(Column)], f"columns.{name}")
    if "kind" not in value:
        raise DataError(f"{recipe}, [columns.{name}] has no kind", hint="such as: category")
    return Column(**value)


def _masks(path: Path, names_path: Path | None, name: str) -> ConceptBank:
    arrays = read_arrays(path)
    foreign = [one for one in arrays if one not in ("", "masks", "names", "categories", "valid")]
    if foreign:
        hint = "it may hold: masks, names, categories, valid"
        raise DataError(f"{path} holds the array {foreign[0]!r}, which has no meaning", hint=hint)
    masks = arrays.get("masks", arrays.get(""))
    names = arrays.get("names")
    if names_path is not None:
        names = np.array(read_lines(names_path), dtype=str)
    if masks is None or names is None:
        raise DataError(
            f"{path} holds no {'masks' if masks is None else 'names'}",
            hint='an .npz needs the arrays masks and names; an .npy needs names = "names.txt"',
        )
    n_cells = masks.shape[-1] if masks.ndim else 0
    universe = Universe.pixels(*masks.shape[1:]) if masks.ndim == 4 else Universe.rows(n_cells)
    flat = masks.reshape(len(masks), universe.n_cells) if masks.ndim == 4 else masks
    categories = arrays.get("categories")
    return ConceptBank.from_masks(
        flat,
        texts(names, "names"),
        categories=None if categories is None else texts(categories, "categories"),
        valid=None if "valid" not in arrays else arrays["valid"].reshape(-1),
        universe=universe,
        name=name,
    )


for _one in (
    TextSource(
        "pairs",
        "sentence pairs: words, tags and more of premise and hypothesis, and their overlap",
        "pairs.PairSettings",
        "pairs.compile_pairs",
    ),
    TextSource(
        "texts",
        "single texts, each a cell: words, tags, lemmas and more",
        "settings.DocumentSettings",
        "texts.compile_texts",
    ),
    TextSource(
        "tokens",
        "the tokens of texts, each a cell",
        "tokens.TokenSettings",
        "tokens.compile_tokens",
    ),
    TableSource(),
    MaskSource(),
    ImageSource("broden", "a folder in the layout of Broden"),
    ImageSource("images", "a plain folder of images, masks and a table of names"),
    ImageSource("ade20k", "a folder of ADE20K's full annotations"),
    ImageSource("coco", "images with COCO instance annotations"),
    ImageSource("voc", "Pascal VOC's segmentations"),
    ImageSource("cityscapes", "Cityscapes, with masks of label ids"),
    ImageSource("coco_panoptic", "images with COCO panoptic annotations"),
    ImageSource("image_parquet", "images and masks in Parquet files, as Hugging Face writes them"),
    ImageSource("ade_challenge", "ADEChallengeData2016"),
    ImageSource("labelme", "images with polygons of LabelMe"),
    ImageSource("cvat", "images with polygons of CVAT"),
    ImageSource("binary_masks", "a binary mask for each concept of an image, as CelebAMask-HQ"),
):
    SOURCE_KIND.register(_one)
