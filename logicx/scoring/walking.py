"""A walk over the cells of images or documents, some at a time, with formulas evaluated at them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.bits import as_bitarray, as_mask, pack
from logicx.errors import PluginError
from logicx.language.formula import Apply, Formula, post_order
from logicx.language.registry import OPERATORS
from logicx.parts import answering
from logicx.scoring.counts import combined, evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.language.declaration import Operator

    Value = NDArray[np.bool_]
    """The cells of a block at which something holds."""

IMAGE_CELLS = 1 << 14
"""Images are taken together up to so many cells, or one by one where they are larger."""

TOKEN_CELLS = 1 << 20
"""Documents are taken together up to so many tokens, or one by one where they are longer."""

VALUES = 1 << 26
"""So many truth values of tokens are held at once, if no document is longer: 64 MB."""


@dataclass(frozen=True)
class Block:
    """The cells of some consecutive images or documents.

    Args:
        signature: The signature of each cell; -1 where it has no labels.
        distinct: Those of them, each at least once; of documents all cells', as they are.
        shapes: Groups of one shape, and the places of their cells; None for all cells in order.
        parts: The cells of each image; of documents all together.
    """

    signature: NDArray[np.int32]
    distinct: NDArray[np.int32]
    shapes: Sequence[tuple[tuple[int, ...], NDArray[np.int64] | None]]
    parts: Sequence[slice]


def blocks_of(bank: ConceptBank, n_formulas: int) -> Iterator[Block]:
    """All cells of a bank of images or documents, in order, for so many formulas at once."""
    if bank.universe.kind == "pixels":
        return _images(bank)
    return _documents(bank, min(TOKEN_CELLS, VALUES // max(1, n_formulas)))


def _images(bank: ConceptBank) -> Iterator[Block]:
    n_images, height, width = bank.universe.shape
    n_each = height * width
    step = max(1, IMAGE_CELLS // max(1, n_each))
    for first in range(0, n_images, step):
        images = range(first, min(first + step, n_images))
        tables = [bank.cell_map.table_of(one) for one in images]
        signature = np.concatenate([own[numbers] for own, numbers in tables])
        distinct = np.concatenate([own for own, _ in tables])
        parts = [slice(k * n_each, (k + 1) * n_each) for k in range(len(images))]
        shape = (len(images), height, width)
        yield Block(signature, distinct, [(shape, None)] if n_each else [], parts)


def _documents(bank: ConceptBank, n_at_once: int) -> Iterator[Block]:
    offsets = np.asarray(bank.universe.offsets, np.int64)
    of_cell = bank.of_cell
    first = 0
    while first < len(offsets) - 1:
        room = np.searchsorted(offsets, offsets[first] + n_at_once, side="right") - 1
        end = max(first + 1, int(room))
        starts = offsets[first : end + 1] - offsets[first]
        lengths = np.diff(starts)
        shapes = []
        for length in np.unique(lengths[lengths > 0]).tolist():
            begin = starts[:-1][lengths == length]
            shapes.append(((len(begin), length), begin[:, None] + np.arange(length)))
        cells = slice(int(offsets[first]), int(offsets[end]))
        whole = slice(0, cells.stop - cells.start)
        yield Block(of_cell[cells], of_cell[cells], shapes, [whole])
        first = end


class _Step(NamedTuple):
    """An operator on values that were found before, by their numbers."""

    number: int
    op: Operator
    parameters: tuple[int | str, ...]
    args: tuple[int, ...]


class Walk:
    """Formulas with structural operators, ready to be evaluated block by block.

    What holds by signature alone is evaluated once for all blocks; the rest at the cells.

    Args:
        bank: The concepts.
        formulas: Formulas as `resolve` gives them.
        known: The operators in force, by keyword.
    """

    def __init__(
        self, bank: ConceptBank, formulas: Sequence[Formula], known: dict[str, Operator]
    ) -> None:
        """Find what is evaluated by signature, and the steps at cells."""
        self._by_signature: list[tuple[int, NDArray[np.bool_]]] = []
        self._steps: list[_Step] = []
        self._numbers: dict[Formula, int] = {}
        self._empty: dict[tuple[Any, ...], NDArray[np.bool_]] = {}
        for formula in formulas:
            self._add(formula, bank, known)
        self._wanted = [self._numbers[one] for one in formulas]

    def _add(self, formula: Formula, bank: ConceptBank, known: dict[str, Operator]) -> None:
        at_cells: set[Formula] = set()
        for node in post_order(formula):
            if isinstance(node, Apply) and node not in self._numbers:
                is_structural = known[node.operator].kind == "structural"
                if not is_structural and at_cells.isdisjoint(node.args):
                    continue
                args = tuple(self._number(arg, bank, at_cells) for arg in node.args)
                self._numbers[node] = len(self._numbers)
                op = known[node.operator]
                self._steps.append(_Step(self._numbers[node], op, node.parameters, args))
            if node in self._numbers:
                at_cells.add(node)

    def _number(self, arg: Formula, bank: ConceptBank, at_cells: set[Formula]) -> int:
        """The number of an argument; of one that holds by signature, it is evaluated now."""
        if arg not in self._numbers:
            self._numbers[arg] = len(self._numbers)
            holds = np.append(evaluate(arg, bank), False)  # the last is found at -1
            self._by_signature.append((self._numbers[arg], holds))
        return self._numbers[arg]

    def values(self, block: Block) -> list[Value | None]:
        """The cells of a block at which each formula holds, `bool[n_cells]`; None for none.

        Raises:
            PluginError: The function of an operator gives something else than such cells.
        """
        found: list[Value | None] = [None] * len(self._numbers)
        valid = block.signature >= 0
        for number, holds in self._by_signature:
            if holds[block.distinct].any():
                found[number] = holds[block.signature]
        for step in self._steps:
            args = [found[one] for one in step.args]
            made = self._made(step, args, block)
            if made is not None:
                made = made & valid
                found[step.number] = made if made.any() else None
        return [found[one] for one in self._wanted]

    def _made(self, step: _Step, args: Sequence[Value | None], block: Block) -> Value | None:
        n_cells = len(block.signature)
        masks = [np.zeros(n_cells, bool) if one is None else one for one in args]
        if step.op.kind != "structural":
            bits = [as_bitarray(pack(one), n_cells) for one in masks]
            return as_mask(combined(step.op, step.parameters, bits, n_cells))
        made = np.zeros(n_cells, bool)
        are_empty = all(one is None for one in args)
        for shape, cells in block.shapes:
            key = (step.op.keyword, step.parameters, shape)
            if are_empty and key in self._empty:
                part = self._empty[key]
            else:
                part = asked(
                    step.op, step.parameters, [_shaped(one, shape, cells) for one in masks]
                )
                if are_empty and cells is None:
                    self._empty[key] = part
            made[slice(None) if cells is None else cells] = (
                part.reshape(-1) if cells is None else part
            )
        return made


def _shaped(mask: Value, shape: tuple[int, ...], cells: NDArray[np.int64] | None) -> Value:
    """The cells of groups of one shape."""
    shaped = mask.reshape(shape) if cells is None else mask[cells]
    shaped.flags.writeable = False
    return shaped


def asked(op: Operator, parameters: Sequence[int | str], masks: Sequence[Value]) -> Value:
    """What the function of a structural operator gives for masks of groups of one shape.

    Raises:
        PluginError: It fails, or gives something else than a mask of that shape.
    """
    owner = OPERATORS.owner(op)
    with answering(f"the function of operator {op.keyword}", owner):
        found = op.meaning(*parameters, *masks)
    shape = masks[0].shape
    if not isinstance(found, np.ndarray) or found.dtype != bool or found.shape != shape:
        gave = (
            f"an array of {found.dtype} of shape {found.shape}"
            if isinstance(found, np.ndarray)
            else repr(found)
        )
        raise PluginError(
            f"the function of operator {op.keyword} of {owner} gave {gave} for masks of shape "
            f"{shape}",
            hint="it returns an array of booleans of the same shape",
        )
    return found
