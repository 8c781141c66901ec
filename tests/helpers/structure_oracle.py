"""What structural operators mean, slowly: cell by cell, in plain loops over numbers of cells.

A group is an image, as rows of cell numbers, or a document, as one row. Sets hold cells of all
groups; cells without labels are in none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from itertools import pairwise

import numpy as np

from logicx import Universe

Rows = list[list[int]]
Groups = Sequence[Rows]


def groups_of(universe: Universe) -> Groups:
    """All images or documents of a universe; none of one of rows or pairs."""
    if universe.kind == "tokens":
        ends = universe.offsets
        return [[list(range(a, b))] for a, b in pairwise(ends)]
    if universe.kind == "pixels":
        images: list[Rows] = np.arange(universe.n_cells).reshape(universe.shape).tolist()
        return images
    return []


def all_cells(rows: Rows) -> list[tuple[int, int, int]]:
    """Row, column and number of each cell."""
    return [(i, j, cell) for i, row in enumerate(rows) for j, cell in enumerate(row)]


def related(
    is_so: Callable[[int, int, int, int], bool],
) -> Callable[..., set[int]]:
    """Cells for which another cell that holds x lies so: by rows and columns of both."""

    def holds(rows: Rows, x: Set[int]) -> set[int]:
        cells = all_cells(rows)
        return {
            own
            for i, j, own in cells
            for k, m, other in cells
            if other != own and other in x and is_so(i, j, k, m)
        }

    return holds


def with_number(
    is_so: Callable[[int, int, int, int, int], bool],
) -> Callable[..., set[int]]:
    """The same, of a number first."""
    return lambda rows, n, x: related(lambda i, j, k, m: is_so(n, i, j, k, m))(rows, x)


def beside(rows: Rows, own: int) -> set[int]:
    """The cells above, below, left and right."""
    width, first = len(rows[0]), rows[0][0]  # cells of an image are numbered one after the other
    i, j = divmod(own - first, width)
    around = [(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)]
    return {rows[k][m] for k, m in around if 0 <= k < len(rows) and 0 <= m < width}


def touches(rows: Rows, x: Set[int]) -> set[int]:
    return {own for _, _, own in all_cells(rows) if own not in x and beside(rows, own) & x}


def spread(rows: Rows, start: set[int], over: Set[int], steps: int) -> set[int]:
    """What so many steps reach over some cells."""
    found = set(start)
    for _ in range(steps):
        more = {one for own in found for one in beside(rows, own) if one in over} - found
        if not more:
            break
        found |= more
    return found


def inside(rows: Rows, x: Set[int]) -> set[int]:
    cells = {own for _, _, own in all_cells(rows)}
    inner = {own for row in rows[1:-1] for own in row[1:-1]}
    free = cells - x
    return free - spread(rows, free - inner, free, len(cells))


def grow(rows: Rows, r: int, x: Set[int]) -> set[int]:
    cells = {own for _, _, own in all_cells(rows)}
    return spread(rows, cells & x, cells, min(r, len(cells)))


def shrink(rows: Rows, r: int, x: Set[int]) -> set[int]:
    cells = {own for _, _, own in all_cells(rows)}
    return {own for own in cells if spread(rows, {own}, cells, min(r, len(cells))) <= x}


def largest(rows: Rows, x: Set[int]) -> set[int]:
    best: set[int] = set()
    for _, _, own in all_cells(rows):  # in reading order, so that of equals the first is kept
        if own in x:
            patch = spread(rows, {own}, x, len(x))
            best = patch if len(patch) > len(best) else best
    return best


def at_least(rows: Rows, k: int, x: Set[int]) -> set[int]:
    own = {cell for _, _, cell in all_cells(rows)}
    return own if len(own & x) >= k else set()


def anywhere(rows: Rows, x: Set[int]) -> set[int]:
    return at_least(rows, 1, x)


def first(rows: Rows, x: Set[int]) -> set[int]:
    return set([own for _, _, own in all_cells(rows) if own in x][:1])


def skip(rows: Rows, n: int, x: Set[int], y: Set[int]) -> set[int]:
    (row,) = rows
    return {own for j, own in enumerate(row) if own in y and x & set(row[max(0, j - n) : j])}


STRUCTURAL: dict[str, Callable[..., set[int]]] = {
    "ABOVE": related(lambda i, j, k, m: j == m and i < k),
    "BELOW": related(lambda i, j, k, m: j == m and i > k),
    "LEFT": related(lambda i, j, k, m: i == k and j < m),
    "RIGHT": related(lambda i, j, k, m: i == k and j > m),
    "NEAR": with_number(lambda r, i, j, k, m: abs(i - k) <= r and abs(j - m) <= r),
    "TOUCHES": touches,
    "INSIDE": inside,
    "GROW": grow,
    "SHRINK": shrink,
    "LARGEST": largest,
    "IMAGE": anywhere,
    "AFTER": related(lambda i, j, k, m: m < j),
    "BEFORE": related(lambda i, j, k, m: m > j),
    "PREV": related(lambda i, j, k, m: m == j - 1),
    "NEXT": related(lambda i, j, k, m: m == j + 1),
    "WITHIN": with_number(lambda n, i, j, k, m: abs(j - m) <= n),
    "FIRST": first,
    "COUNT": at_least,
    "SOMEWHERE": anywhere,
    "ABSENT": lambda rows, x: {one for row in rows for one in row} - anywhere(rows, x),
    "SKIP": skip,
}
