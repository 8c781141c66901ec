"""What the commands concepts, units and operators list."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logicx.cli import render
from logicx.cli.commands import DEMO, check_output, open_bank, read_units
from logicx.errors import DataError, LogicxError, OptionError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.cli.options import Reading
    from logicx.language.formula import Formula
    from logicx.units.units import Units


def concepts(
    pattern: str, bank: str | None, category: str | None, sort: str, limit: int, as_json: bool
) -> int:
    """Concepts whose names match, or that a formula such as NEIGHBORS(x) is made of."""
    opened = open_bank(bank)
    formula = _called(pattern, opened)
    if formula is not None:
        return _members(formula, opened, limit, as_json)
    known = sorted(set(opened.categories))
    if category is not None and category not in known:
        raise DataError(
            f"no category {category!r} in bank {opened.name!r}",
            hint=did_you_mean(category, known) or f"it has: {', '.join(known[:20])}",
        )
    shares = opened.count / max(1, opened.n_valid)
    found = [
        (name, opened.categories[i], int(opened.count[i]), float(shares[i]))
        for i, name in enumerate(opened.names)
        if _matches(name, pattern) and category in (None, opened.categories[i])
    ]
    if sort == "name":
        found.sort()
    elif sort == "cells":
        found.sort(key=lambda row: -row[2])
    elif sort != "bank":
        raise OptionError(f"sort is bank, name or cells, not {sort!r}")
    rows = [
        {"name": name, "category": kind, "cells": cells, "prevalence": share}
        for name, kind, cells, share in found
    ]
    shown = [[r["name"], r["category"], f"{r['cells']:,}", f"{r['prevalence']:.3%}"] for r in rows]
    if not found and opened.n_concepts:
        _tell_of_patterns(pattern, "water")
    headline = f"bank {opened.name}: {len(found):,} of {opened.n_concepts:,} concepts"
    return _list(headline, rows, ("concept", "category", "cells", "share"), shown, limit, as_json)


def _called(pattern: str, bank: ConceptBank) -> Formula | None:
    """The operator on its arguments that a pattern is, if it is none of names."""
    from logicx.language.formula import Apply
    from logicx.language.parsing import parse
    from logicx.language.registry import OPERATORS

    try:
        formula = parse(pattern, names=bank.names)
    except LogicxError:
        return None
    if not isinstance(formula, Apply) or pattern in bank:
        return None
    return None if OPERATORS.get(formula.operator).kind == "connective" else formula


def _members(formula: Formula, bank: ConceptBank, limit: int, as_json: bool) -> int:
    """A formula, and the concepts that it comes down to in a bank, with their cells."""
    from logicx.scoring.counts import evaluate, resolve
    from logicx.scoring.structure import refined

    try:
        resolved = resolve(formula, bank)
        finer = refined(bank, [formula])
    except LogicxError as error:
        error.text = str(formula)
        raise
    held = int(finer.size[evaluate(formula, finer)].sum())
    found = [(str(formula), "formula", held)]
    for name in resolved.concepts:
        i = bank.number(name)
        found.append((name, bank.categories[i], int(bank.count[i])))
    rows = [
        {"name": name, "category": kind, "cells": n, "prevalence": n / max(1, bank.n_valid)}
        for name, kind, n in found
    ]
    shown = [[name, kind, f"{n:,}", f"{n / max(1, bank.n_valid):.3%}"] for name, kind, n in found]
    headline = f"bank {bank.name}: {formula} is {resolved}"
    return _list(headline, rows, ("concept", "category", "cells", "share"), shown, limit, as_json)


def units(
    pattern: str,
    path: str | None,
    bank: str | None,
    how: Reading,
    out: Path | None,
    limit: int,
    as_json: bool,
) -> int:
    """Units whose names match, with the cells they fire at; all of them are saved on request.

    Maps over images are counted at the cells of the bank, if one is named.
    """
    if out is not None:
        check_output(out, ".units", [None if one is None else Path(one) for one in (path, bank)])
    opened = _open_units(path, how)
    of_maps = opened.maps
    where = ""
    if of_maps is not None and bank is not None:
        opened_bank = open_bank(bank)
        opened = _counted(opened, opened_bank)
        where = f", at the valid cells of bank {opened_bank.name}"
    elif of_maps is not None:
        n_images, height, width = of_maps.universe.shape
        where = f", at the places of maps of {height} x {width} on {n_images:,} images"
        render.note("name a bank, and the maps are upsampled to its cells: bank=FILE")
    if out is not None:
        opened.save(out)
        if not as_json:
            print(f"{out}: {len(opened):,} units")
    rows = [
        {"name": name, "cells": int(n), "cut": opened.cut[i] if opened.cut else ""}
        for i, (name, n) in enumerate(zip(opened.names, opened.n_on, strict=True))
        if _matches(name, pattern)
    ]
    shown = [[row["name"], f"{row['cells']:,}", row["cut"]] for row in rows]
    if not rows and len(opened):
        _tell_of_patterns(pattern, "483")
    rule = f", threshold {opened.threshold}" if opened.threshold else ""
    headline = f"{len(rows):,} of {len(opened):,} units{rule}{where}"
    return _list(headline, rows, ("unit", "fires at cells", "on where"), shown, limit, as_json)


def _counted(opened: Units, bank: ConceptBank) -> Units:
    """Maps over images, counted at the cells of a bank."""
    from logicx.units.units import Units

    opened.check_universe(bank)
    cut: list[str] = []
    with render.progress() as progress:

        def on() -> Iterator[NDArray[np.int64]]:
            for i, name in enumerate(opened.names):
                yield opened.on(bank, name)
                cut.append(opened.cut_of(i, bank))
                if progress:
                    progress("counting units", i + 1, len(opened))

        return Units.counted(bank, opened.names, on(), cut=cut, threshold=opened.threshold)


def operators(as_json: bool) -> int:
    """All operators in force."""
    from logicx.language.registry import operators as in_force

    rows = [
        {
            "keyword": op.keyword,
            "symbol": op.symbol,
            "form": op.signature,
            "kind": op.kind,
            "precedence": op.precedence,
            "doc": op.doc,
            "example": op.example,
            "owner": op.owner,
        }
        for op in sorted(in_force(), key=lambda op: -op.precedence)
    ]
    columns = ("keyword", "symbol", "form", "kind", "doc", "example", "owner")
    shown = [[row[name] for name in columns] for row in rows]
    headline = "operators, tightest binding first"
    return _list(headline, rows, columns, shown, 0, as_json)


def kinds(as_json: bool) -> int:
    """The kinds of parts, with how many there are."""
    from logicx.runs.parts import kinds as all_kinds

    rows = [
        {"kind": name, "parts": len(kind.all()), "group": kind.group}
        for name, kind in all_kinds().items()
    ]
    shown = [[row["kind"], row["parts"], row["group"]] for row in rows]
    columns = ("kind", "parts", "entry points")
    return _list("kinds of parts; list one: logicx list KIND", rows, columns, shown, 0, as_json)


def parts(kind: str, as_json: bool) -> int:
    """All parts of a kind in force."""
    from logicx.runs.parts import kind_of

    known = kind_of(kind)
    rows = [
        {
            "name": one.name,
            "doc": _doc(one.part),
            "owner": "logicx" if one.owner.is_builtin else str(one.owner),
        }
        for one in known.all()
    ]
    columns = ("name", "doc", "owner")
    shown = [[row[name] for name in columns] for row in rows]
    headline = f"{len(rows):,} {known.group.removeprefix('logicx.')}"
    return _list(headline, rows, columns, shown, 0, as_json)


def _doc(part: Any) -> str:
    """What a part says of itself: its doc, else the first line of its docstring."""
    stated = getattr(part, "doc", "")
    text = stated if isinstance(stated, str) and stated else str(part.__doc__ or "")
    return text.strip().partition("\n")[0].strip()


def _open_units(path: str | None, how: Reading) -> Units:
    if path in (None, DEMO):
        from logicx.demo.data import open_demo

        with render.progress() as progress:
            return open_demo(progress).units
    return read_units(str(path), how)


def _tell_of_patterns(pattern: str, such_as: str) -> None:
    patterns = f"{such_as}, or with stars: *{such_as}*"
    render.note(f"no name is like {pattern!r}; a pattern stands alone: {patterns}")


def _matches(name: str, pattern: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())


def _list(
    headline: str,
    rows: Sequence[dict[str, Any]],
    columns: Sequence[str],
    shown: Sequence[Sequence[Any]],
    limit: int,
    as_json: bool,
) -> int:
    if limit < 0:
        raise OptionError(f"limit must be 0 or more, not {limit}")
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return 0 if rows else 1
    console = render.console()
    console.print(headline, markup=False)
    if rows:
        numeric = ("cells", "share", "fires at cells")
        expendable = ("owner", "kind", "example")
        render.print_table(columns, shown[: limit or None], numeric, expendable)
    if limit and len(rows) > limit:
        render.note(f"{len(rows) - limit:,} more; limit=0 lists all")
    return 0 if rows else 1
