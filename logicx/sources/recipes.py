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
  kind's name, such as `[images]`, see `logicx.sources.vision.settings`.

Any may have `neighbors = "neighbors.json"` or a table `[neighbors]`, see
`logicx.sources.text.vectors.NeighborSettings`.
"""

from __future__ import annotations

import hashlib
import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from logicx.banks.arrays import read_arrays, texts
from logicx.banks.bank import ConceptBank
from logicx.banks.jsons import loads
from logicx.banks.tablefiles import read_lines, read_table, read_text
from logicx.banks.tables import Column
from logicx.banks.universe import Universe
from logicx.errors import DataError, FileError, did_you_mean, in_file, is_plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

COMMON = ("name", "kind", "source", "neighbors")
IMAGE_KINDS = ("broden", "images", "ade20k", "coco")
MOST_PARTS = 50
"""Most parts of a key, as in `a.b.c`; settings have two."""
MOST_DOTS = MOST_PARTS - 1
_QUOTED = re.compile(r'"[^"]*"|\'[^\']*\'')
KINDS = ("pairs", "texts", "tokens", "table", "masks", *IMAGE_KINDS)


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
    recipe = Path(recipe)
    settings = read_toml(recipe)
    for key, value in (changes or {}).items():
        _change(settings, key, value)
    kind = settings.get("kind")
    if kind not in KINDS:
        raise DataError(f"{recipe}: kind is one of {', '.join(KINDS)}, not {kind!r}")
    own = {"table": ("columns",), "masks": ()}.get(kind, (kind,))
    check_keys(recipe, settings, (*COMMON, *own))
    stated = settings.get("source", {})
    of_source = ("path", "header") if kind == "table" else ("path", "names")
    check_keys(recipe, stated, of_source, "source")
    path = Path(data) if data is not None else _inside(recipe, stated.get("path"))
    name = settings.get("name", recipe.stem)
    neighbors, near = settings.get("neighbors"), None
    if neighbors is not None and not isinstance(neighbors, dict):
        is_anywhere = "neighbors" in (changes or {}) and isinstance(neighbors, str)
        near = _neighbors(Path(neighbors) if is_anywhere else _inside(recipe, neighbors))
    source: dict[str, Any] = {"recipe": settings}
    if kind not in IMAGE_KINDS:
        source |= {"file": path.name, "sha256": _sha256(path)}
    if kind in IMAGE_KINDS:
        bank = _images(kind, recipe, settings, path, name, source, progress)
    elif kind in ("pairs", "texts", "tokens"):
        bank = _text(kind, recipe, settings, path, name, source, progress)
    elif kind == "table":
        columns = {key: _column(recipe, key, value) for key, value in _columns(recipe, settings)}
        header = stated.get("header")
        if header is not None and type(header) is not bool:
            raise DataError(f"{recipe}, [source]: header is true or false, not {header!r}")
        # the errors of read_table name the file themselves
        table = read_table(path, has_header=header is not False, is_sure=header is not None)
        with in_file(path):
            bank = ConceptBank.from_table(table, columns, name=name, source=source)
        bank.notes = (*table.notes, *bank.notes)
    else:
        names = _inside(recipe, stated["names"]) if "names" in stated else None
        bank = _masks(path, names, name)
        bank.source = source
    if near is not None:
        bank.relate("NEIGHBORS", near)
    elif neighbors is not None:
        _relate_neighbors(recipe, neighbors, bank, "neighbors.vectors" in (changes or {}))
    return bank


def read_toml(path: Path) -> dict[str, Any]:
    """The values of a TOML file.

    Raises:
        FileError: It is missing or is no TOML.
    """
    text = read_text(path)
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MOST_DOTS and _has_long_key(line):
            raise FileError(f"{path}, line {number:,}: a key of more than {MOST_PARTS} parts")
    try:
        values: dict[str, Any] = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a bad number of 5,000 digits is a ValueError
        raise FileError(f"{path} is no TOML: {error}") from error
    _check_values(values, str(path))
    return values


def read_change(text: str) -> tuple[str, Any]:
    """A setting and its value, from text such as `pairs.most_common=500`.

    The value is read as TOML; what is no TOML is text, as in `pairs.pipeline=en_core_web_md`.

    Raises:
        DataError: It is no such text.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals or not key:
        raise DataError(f"{text!r} sets nothing", hint="such as: set=pairs.most_common=500")
    if key.count(".") >= MOST_PARTS or _has_long_key(value):
        raise DataError(f"a key of more than {MOST_PARTS} parts means nothing")
    _refuse_underscores(key, value)
    try:
        values = tomllib.loads(f"x = {value}")
    except (ValueError, RecursionError):
        values = {}
    found = {"x": value.strip()} if [*values] != ["x"] else values
    _check_values(found, text)
    return key, found["x"]


def read_changes(texts: Iterable[str]) -> dict[str, Any]:
    """Settings and their values, from several texts; see `read_change`.

    Raises:
        DataError: One sets nothing, or two set the same.
    """
    found: dict[str, Any] = {}
    for text in texts:
        key, value = read_change(text)
        if key in found:
            raise DataError(f"{key} is set twice", hint="set it once")
        found[key] = value
    return found


def _refuse_underscores(key: str, value: str) -> None:
    """Refuse `1_0`, which is 10 to TOML: on a command line it is more likely a slip."""
    if "_" in value and re.fullmatch(r"\s*[+-]?[0-9][0-9_.eE+-]*\s*", value):
        raise DataError(
            f"{key}: {value.strip()!r} is not a number (digits are 0 to 9, with nothing between "
            "them)",
            hint="a text needs quotation marks",
        )


def _has_long_key(line: str) -> bool:
    """Whether a key has so many parts that reading it takes the square of their number."""
    plain = re.sub(r"\s*\.\s*", ".", _QUOTED.sub('""', line))
    return any(
        one.count(".") >= MOST_PARTS and not re.search(r"\s[^\s.=]", one.strip())
        for one in plain.split("=")
    )


def _change(settings: dict[str, Any], key: str, value: Any) -> None:
    *tables, last = key.split(".")
    for one in tables:
        settings = settings.setdefault(one, {})
        if not isinstance(settings, dict):
            raise DataError(f"{key} cannot be set: {one} is no table of settings")
    settings[last] = value


def _check_values(values: dict[str, Any], where: str) -> None:
    inside: list[Any] = [values]
    for one in inside:
        if isinstance(one, (dict, list)):
            inside += one.values() if isinstance(one, dict) else one
        elif not isinstance(one, (str, int, float)) or abs(one if type(one) is int else 0) >> 63:
            raise DataError(
                f"{where} holds a date, or a number too large, where none has a meaning"
            )


def check_keys(path: Path, values: Any, known: Iterable[str], table: str = "") -> None:
    """Raise a `DataError` at the first key that means nothing."""
    where = f"{path}, [{table}]" if table else str(path)
    known = tuple(known)
    if not isinstance(values, dict):
        raise DataError(f"{where} must be a table of settings")
    for key in values:
        if key not in known:
            hint = did_you_mean(key, known) or f"it may hold: {', '.join(known)}"
            raise DataError(f"{where}: unknown setting {key!r}", hint=hint)


def _inside(recipe: Path, path: Any) -> Path:
    """A path of a recipe, which must stay inside the recipe's folder."""
    if not path or not is_plain_text(path):
        raise DataError(f"{recipe} names no data file", hint="set [source] path, or data=FILE")
    root = recipe.resolve().parent
    found = (root / str(path)).resolve()
    if not found.is_relative_to(root):
        raise DataError(
            f"{recipe}: the path {path!r} leaves the recipe's folder",
            hint="name such a file on the command line: data=FILE",
        )
    return found


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


def _text(
    kind: str,
    recipe: Path,
    settings: dict[str, Any],
    path: Path,
    name: str,
    source: dict[str, Any],
    progress: Callable[[int, int], None] | None,
) -> ConceptBank:
    from logicx.sources.text.pairs import PairSettings, compile_pairs
    from logicx.sources.text.settings import DocumentSettings
    from logicx.sources.text.texts import compile_texts
    from logicx.sources.text.tokens import TokenSettings, compile_tokens

    kinds: dict[str, tuple[Any, Any]] = {
        "pairs": (PairSettings, compile_pairs),
        "texts": (DocumentSettings, compile_texts),
        "tokens": (TokenSettings, compile_tokens),
    }
    of_kind, compile_kind = kinds[kind]
    given = settings.get(kind, {})
    check_keys(recipe, given, [one.name for one in fields(of_kind)], kind)
    stated = of_kind.of_recipe(given, f"{recipe}, [{kind}]")
    bank: ConceptBank = compile_kind(path, stated, name=name, source=source, progress=progress)
    return bank


def _images(
    kind: str,
    recipe: Path,
    settings: dict[str, Any],
    folder: Path,
    name: str,
    source: dict[str, Any],
    progress: Callable[[int, int], None] | None,
) -> ConceptBank:
    from logicx.sources.vision.recipe import compile_image_recipe, known_settings

    given = settings.get(kind, {})
    check_keys(recipe, given, known_settings(kind), kind)
    where = f"{recipe}, [{kind}]"
    return compile_image_recipe(
        kind, given, where, folder, name=name, source=source, progress=progress
    )


def _columns(recipe: Path, settings: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    columns = settings.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise DataError(f"{recipe} names no columns", hint='add [columns] with: color = "category"')
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


def _relate_neighbors(
    recipe: Path, stated: dict[str, Any], bank: ConceptBank, is_anywhere: bool
) -> None:
    """The bank's table NEIGHBORS from word vectors.

    Vectors that the recipe itself names lie in its folder, or are a download.
    """
    from logicx.sources.text.vectors import NeighborSettings, relate_neighbors

    check_keys(recipe, stated, [one.name for one in fields(NeighborSettings)], "neighbors")
    for key, kind in (("vectors", str), ("n", int), ("among", str), ("itself", bool)):
        if key in stated and type(stated[key]) is not kind:
            raise DataError(f"{recipe}, [neighbors]: {key} cannot be {stated[key]!r}")
    if not stated.get("vectors"):
        raise DataError(
            f"{recipe}, [neighbors] names no vectors",
            hint="on the command line: set=neighbors.vectors=glove.6B.300d.txt",
        )
    settings = NeighborSettings(**stated)
    where = Path(settings.vectors)
    if not is_anywhere and (len(where.parts) > 1 or (recipe.parent / where).exists()):
        where = _inside(recipe, settings.vectors)
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
    table = loads(text, str(path))
    is_table = isinstance(table, dict) and all(
        isinstance(row, list) and all(isinstance(one, str) for one in row) for row in table.values()
    )
    if not is_table:
        raise DataError(f"{path} must map concept names to lists of concept names")
    return dict(table)
