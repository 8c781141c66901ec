"""Recipes: TOML files that say where data are and which concepts to make of them.

A recipe has a `kind`, a `[source]` with the file's path (inside the recipe's own folder; a path
given on the command line may be anywhere), and the settings of its kind:

- `pairs`: `[pairs]`, see `logicx.sources.text.pairs.PairSettings`;
- `texts`: `[texts]`, see `logicx.sources.text.settings.DocumentSettings`;
- `tokens`: `[tokens]`, see `logicx.sources.text.tokens.TokenSettings`;
- `table`: `[columns]`, such as `color = "category"` or `age = { kind = "quantiles", bins = 4 }`;
- `masks`: an `.npz` with `masks` (bool[n_concepts, n_cells]), `names` and, if wanted,
  `categories` and `valid`; or an `.npy` of masks and `names = "names.txt"`, a name a line;
- `broden`, `images`, `ade20k`, `coco`: a folder of images with label maps, and a table of the
  kind's name, such as `[images]`, see `logicx.sources.vision.settings`;
- `voc`, `cityscapes`, `coco_panoptic`, `image_parquet`, `ade_challenge`, `labelme`, `cvat`,
  `binary_masks`: the same, see `logicx.sources.vision.releases`.

Others are registered by `logicx.source`. Any may have `neighbors = "neighbors.json"` or a table
`[neighbors]`, see `logicx.sources.text.vectors.NeighborSettings`.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logicx.banks.strict_json import strict_json
from logicx.banks.tablefiles import read_text
from logicx.errors import DataError, FileError
from logicx.sources.reading import Recipe, change, check_keys, read_change, read_changes, read_toml
from logicx.sources.source import SOURCE_KIND, compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from logicx.banks.bank import ConceptBank

__all__ = ["check_keys", "compile_recipe", "read_change", "read_changes", "read_toml"]

COMMON = ("name", "kind", "source", "neighbors")
"""What any recipe may hold."""


def compile_recipe(
    recipe: str | Path,
    data: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
    changes: Mapping[str, Any] | None = None,
) -> ConceptBank:
    """The bank that a recipe describes; the same inputs give the same content hash.

    Args:
        recipe: The TOML file.
        data: The data file (for images their folder), in place of the recipe's own `source.path`.
        progress: Called with steps done and steps in all.
        changes: Settings that differ from the recipe's, such as `{"pairs.most_common": 500}`.

    Raises:
        FileError: Recipe or data cannot be read.
        DataError: The recipe asks for what the data do not have.
    """
    recipe_path = Path(recipe)
    values = read_toml(recipe_path)
    for key, value in (changes or {}).items():
        change(values, key, value)
    stated_kind = values.get("kind")
    found = SOURCE_KIND.find(stated_kind) if isinstance(stated_kind, str) else None
    if found is None:
        known = ", ".join(SOURCE_KIND.table())
        raise DataError(
            f"{recipe_path}: kind is one of {known}, not {stated_kind!r}{SOURCE_KIND.missing()}"
        )
    kind, read = found.part, Recipe(recipe_path, values)
    check_keys(recipe_path, values, (*COMMON, *kind.tables))
    stated = read.table("source", ("path", *getattr(kind, "in_source", ("names",))))
    path = Path(data) if data is not None else read.inside(stated.get("path"))
    name = values.get("name", recipe_path.stem)
    neighbors, near = values.get("neighbors"), None
    if neighbors is not None and not isinstance(neighbors, dict):
        is_anywhere = "neighbors" in (changes or {}) and isinstance(neighbors, str)
        near = _neighbors(Path(neighbors) if is_anywhere else read.inside(neighbors))
    source: dict[str, Any] = {"recipe": values}
    if not kind.is_folder:
        source |= {"file": path.name, "sha256": _sha256(path)}
    bank = compiled(found, read, path, name=name, source=source, progress=progress)
    if near is not None:
        bank.relate("NEIGHBORS", near)
    elif neighbors is not None:
        _relate_neighbors(read, neighbors, bank, "neighbors.vectors" in (changes or {}))
    return bank


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            found = hashlib.sha256()
            while block := opened.read(1 << 20):
                found.update(block)
            return found.hexdigest()
    except FileNotFoundError:
        raise FileError(f"no file {path}") from None
    except (OSError, ValueError) as error:
        raise FileError(f"cannot read {path}: {error}") from error


def _relate_neighbors(
    recipe: Recipe, stated: dict[str, Any], bank: ConceptBank, is_anywhere: bool
) -> None:
    """The bank's table NEIGHBORS from word vectors.

    Vectors that the recipe itself names lie in its folder, or are a download.
    """
    from logicx.sources.text.vectors import NeighborSettings, relate_neighbors

    check_keys(recipe.path, stated, [one.name for one in fields(NeighborSettings)], "neighbors")
    for key, kind in (("vectors", str), ("n", int), ("among", str), ("itself", bool)):
        if key in stated and type(stated[key]) is not kind:
            raise DataError(f"{recipe.path}, [neighbors]: {key} cannot be {stated[key]!r}")
    if not stated.get("vectors"):
        raise DataError(
            f"{recipe.path}, [neighbors] names no vectors",
            hint="on the command line: set=neighbors.vectors=glove.6B.300d.txt",
        )
    settings = NeighborSettings(**stated)
    where = Path(settings.vectors)
    if not is_anywhere and (len(where.parts) > 1 or (recipe.path.parent / where).exists()):
        where = recipe.inside(settings.vectors)
    relate_neighbors(bank, settings, where)
    if where.is_file():
        bank.source["vectors"] = {"file": where.name, "sha256": _sha256(where)}


def _neighbors(path: Path) -> dict[str, list[str]]:
    try:
        text = read_text(path)
    except FileError as error:
        if not path.exists():
            error.hint = "neighbors names a JSON file"
        raise
    table = strict_json(text, path)
    is_table = isinstance(table, dict) and all(
        isinstance(row, list) and all(isinstance(one, str) for one in row) for row in table.values()
    )
    if not is_table:
        raise DataError(f"{path} must map concept names to lists of concept names")
    return dict(table)
