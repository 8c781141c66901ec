"""The kit for operators: what they give against cells, images and documents, one by one."""

from __future__ import annotations

import pickle
from itertools import permutations, product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from logicx.banks.bank import ConceptBank
from logicx.errors import LogicxError, PluginError
from logicx.language.canon import canonical
from logicx.language.formula import Apply, Concept, Formula, fold, post_order
from logicx.language.parsing import parse
from logicx.language.printing import format_formula
from logicx.language.proposals import proposals
from logicx.language.registry import OPERATORS
from logicx.language.validation import validate
from logicx.parts import Owner
from logicx.runs.explain import explain
from logicx.scoring.counts import evaluate, resolve
from logicx.scoring.score import score
from logicx.scoring.structure import refined
from logicx.testing.structural import by_groups, odd_banks
from logicx.testing.worlds import tp_fp, world
from logicx.units.units import Units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from logicx.language.declaration import Operator
    from logicx.testing.worlds import Masks

DIALECTS: tuple[Literal["standard", "chain"], ...] = ("standard", "chain")

N_ROUNDS = 2
"""So many times the concepts of a bank change their places in the formulas that are tried."""

NUMBERS = (0, 1, 2, 5)
"""Values of parameters that are tried."""

MORE = 3
"""How many arguments more than the fewest are tried, where any number may be given."""

N_SLOTS = 5
"""The most slots of a step that a search makes of a keyword alone."""

TEXTS = ("a", "a b", "*", "?", "[", "2", "and", "implies", "not a", "a, b", "(a", 'say "a"', "\\")
"""Texts that are tried, besides names and categories of the bank."""

CATEGORIES = ("first kind", "first kind", "second", "second", "second")
"""Categories of the made-up banks."""


def check_operator(part: str | Operator, bank: ConceptBank | None = None) -> None:
    """Hold an operator against all that one must do.

    Its registration is right, and its facts are true also of more arguments than registration
    tries. Its example is read and uses it; whatever it is applied to, printed and read again, is
    the same formula, in both dialects, as by its symbols; the canonical form means the same. A
    connective holds at exactly the cells where its function says so, called cell by cell, and
    scores and searches with it find what brute force finds. A rewrite gives a formula over the
    bank, the same each time, and changes nothing; it may refuse arguments by a `LogicxError`, but
    not all. One of texts is tried with what it proposes, names and categories of the bank, patterns
    like them, and odd texts. What an operator proposes are concepts or texts to which it applies,
    and a search finds the best of them. A structural operator gives the same for an image or
    document by itself as among others, the same each time, and leaves the masks as they are; within
    others, and where cells have no labels, it holds at exactly the cells that follow from that.

    Args:
        part: The operator, or the keyword under which it is registered.
        bank: A small bank to which it applies; by default made-up ones of concepts `c0`, `c1`, ...
            in two categories, whose table of the name of the operator relates some of them.

    Raises:
        AssertionError: It is not so.
        LogicxError: Its registration is wrong, or its function gives something else.

    Example:
        >>> check_operator("XOR")
    """
    if isinstance(part, str):
        _check(OPERATORS.get(part), bank)
        return
    owner = "the operator under test"
    validate(part, Owner(owner))
    with OPERATORS.scope():
        OPERATORS.register(part, module=owner)
        _check(part, bank)


def _check(op: Operator, bank: ConceptBank | None) -> None:
    what = f"operator {op.keyword}"
    validate(op, Owner("the operator under test"))
    example = parse(op.example)
    assert any(isinstance(one, Apply) and one.operator == op.keyword for one in post_order(example))
    _check_text(example, what)
    for formula in _applications(op, [Concept(one) for one in ("a", "b", "c")], TEXTS):
        _check_text(formula, what)
    if op.kind == "connective":
        _check_facts(op, what)
    banks = [bank] if bank is not None else [*_banks(op)]
    n_applied = sum(_check_on(op, one, what) for one in banks)
    assert n_applied, (
        f"{what} applies to none of the concepts that were tried; give check_operator a bank= to "
        "which it does"
    )


def _banks(op: Operator) -> Iterator[ConceptBank]:
    """Worlds in which a table of the operator's name relates concepts."""
    yield from odd_banks(op.places)
    for seed, kind in enumerate(op.places or ("rows", "tokens", "pixels")):
        bank = world(seed, kind).bank
        c = bank.names
        bank.categories = CATEGORIES
        bank.relate(op.keyword, {c[0]: [c[1], c[2]], c[2]: [c[0]], c[3]: [c[4], c[3], c[1]]})
        yield bank


def _parameters(op: Operator) -> Iterator[tuple[int, ...]]:
    yield from product(NUMBERS, repeat=len(op.parameters))


def _sizes(op: Operator) -> range:
    most = op.min_args + MORE if op.max_args is None else min(op.max_args, op.min_args + MORE)
    return range(op.min_args, most + 1)


def _texts(op: Operator, bank: ConceptBank) -> list[str]:
    """Texts to try over a bank, if the operator takes texts."""
    if not op.takes_text:
        return []
    like = [pattern for one in bank.names for pattern in (f"{one[:1]}*", f"*{one[1:]}")]
    found = [*op.proposed(bank.vocabulary), *bank.names, *bank.categories, *like, *TEXTS]
    return [one for one in dict.fromkeys(found) if one]


def _applications(
    op: Operator, concepts: Sequence[Formula], texts: Sequence[str]
) -> Iterator[Formula]:
    """The operator on concepts, on formulas, on itself, and within others; or on texts."""
    a, b, c = concepts[:3]
    if op.takes_text:
        for parameters, text in product(_parameters(op), texts):
            plain = Apply(op.keyword, (), (*parameters, text))
            yield plain
            yield ~plain
            yield plain & c
            yield a | plain
        return
    mixed = [a, ~b, b & c, a | c, c ^ a, b]
    for parameters, n in product(_parameters(op), _sizes(op)):
        plain = Apply(op.keyword, tuple([a, b, c, a, b, c][:n]), parameters)
        yield plain
        yield ~plain
        yield plain & c
        yield a | plain
        yield Apply(op.keyword, tuple(mixed[:n]), parameters)
        yield Apply(op.keyword, tuple(mixed[::-1][:n]), parameters)
        yield Apply(op.keyword, tuple([plain, a, plain, b, c, a][:n]), parameters)
        yield Apply(op.keyword, tuple([a, plain, b, plain, c, a][:n]), parameters)


def _check_text(formula: Formula, what: str) -> None:
    text = format_formula(formula)
    for dialect in DIALECTS:
        again = parse(text, dialect)
        assert again == formula, f"{what}: {text} is read as {again!r} in the dialect {dialect}"
    assert pickle.loads(pickle.dumps(formula)) == formula


def _check_facts(op: Operator, what: str) -> None:
    """Symbols, facts and the function itself, on rows of more arguments than at registration."""
    for symbol in op.symbols:
        text = f"{symbol}a" if op.form == "prefix" else f"a {symbol} b"
        if op.form != "call":
            wanted = Apply(op.keyword, (Concept("a"), Concept("b"))[: op.min_args])
            found = parse(text)
            assert found == wanted, f"{what}: {text} is read as {found!r}"
    for parameters, n in product(_parameters(op), _sizes(op)):
        try:
            first = {row: op.truth(parameters, row) for row in product((False, True), repeat=n)}
        except PluginError:
            raise
        except LogicxError:
            continue  # a number that the operator refuses
        for row in reversed(first):
            again = op.truth(parameters, row)
            assert again == first[row], f"{what} gives {first[row]} for {row}, and then {again}"
            if "commutative" in op.facts:
                for other in {*permutations(row)}:
                    assert first[other] == first[row], (
                        f"{what} is not commutative: {first[row]} for {row}, and {first[other]} "
                        f"for {other}, with {parameters}"
                    )


def _check_on(op: Operator, bank: ConceptBank, what: str) -> int:
    """How many formulas could be evaluated over a bank; each is held against its cells."""
    before = bank.content
    cells = {name: bank.cells(evaluate(Concept(name), bank)) for name in bank.names}
    concepts = [Concept(name) for name in bank.names]
    rounds = [concepts[i:] + concepts[:i] for i in range(N_ROUNDS)]
    n_applied, texts = 0, _texts(op, bank)
    for formula in dict.fromkeys(
        one for some in rounds for one in _applications(op, some * 3, texts)
    ):
        try:
            resolved = resolve(formula, bank)
            holds = _holds(formula, bank)
        except PluginError:
            raise
        except LogicxError as error:
            if op.kind == "connective" and not op.parameters:
                raise AssertionError(f"{what} refuses {formula}: {error}") from error
            continue
        n_applied += 1
        again = resolve(formula, bank)
        assert again == resolved, f"{what} makes {resolved} of {formula}, and then {again}"
        wanted = _cells_of(resolved, cells, bank)
        _check_cells(holds, wanted & _valid(bank), f"{what}: {formula}", bank)
        same = _holds(canonical(formula), bank)
        _check_cells(same, holds, f"{what}: the canonical form of {formula}", bank)
    if n_applied:
        _check_searches(op, bank, cells, what)
    bank.__dict__.pop("content", None)
    assert bank.content == before, f"{what} changes the bank"
    return n_applied


def _holds(formula: Formula, bank: ConceptBank) -> Masks:
    """The cells at which a formula holds, as logicx evaluates it."""
    finer = refined(bank, [formula])
    return finer.cells(evaluate(formula, finer))


def _valid(bank: ConceptBank) -> Masks:
    """The cells that count, `bool[n_cells]`."""
    return bank.cells(np.ones(bank.n_signatures, bool))


def _check_cells(found: Masks, wanted: Masks, what: str, bank: ConceptBank) -> None:
    wrong = np.flatnonzero(found != wanted)
    assert not len(wrong), (
        f"{what} holds at {int(found.sum())} cells of {bank.universe}, and by its function at "
        f"{int(wanted.sum())}; cell {wrong[0]} is one that differs"
    )


def _cells_of(formula: Formula, cells: dict[str, Masks], bank: ConceptBank) -> Masks:
    """The cells at which a formula holds.

    Each connective's function is asked for each row met, a structural one's for each group.
    """

    def apply(node: Apply, args: list[Masks]) -> Masks:
        op = OPERATORS.get(node.operator)
        if op.kind == "structural":
            return by_groups(op, node.parameters, args, bank)
        rows, where = np.unique(np.stack(args, axis=1), axis=0, return_inverse=True)
        values = [bool(op.meaning(*node.parameters, *map(bool, row))) for row in rows]
        found: Masks = np.array(values)[where.reshape(-1)]
        return found

    return fold(formula, lambda node: cells[node.name], apply)


def _check_searches(op: Operator, bank: ConceptBank, cells: dict[str, Masks], what: str) -> None:
    """Scores and searches by brute force over the cells that count."""
    valid = _valid(bank)
    dice = np.random.default_rng(0)
    names = [*bank.names]
    noisy = (cells[names[0]] & ~cells[names[1]]) ^ (dice.random(len(valid)) < 0.1)
    noisy[np.flatnonzero(valid)[0]] = True
    units = Units.from_masks(noisy[None], ["u"], universe=bank.universe)
    unit = noisy[valid]
    n = _slots(op)
    if 2 <= n <= min(N_SLOTS, len(names)):
        parts = product(names, repeat=2) if n == 2 else permutations(names, n)
        made = [Apply(op.keyword, tuple(map(Concept, some))) for some in parts]
        masks = np.stack([_cells_of(one, cells, bank)[valid] for one in made])
        singles = np.stack([cells[one][valid] for one in names])
        wanted = _ious(np.concatenate([singles, masks]), unit).max()
        (found,) = explain(
            bank, units, steps=[op.keyword], beam=len(names), length=n, atoms="concepts"
        )
        assert found.score == wanted, (
            f"a search by {op.keyword} finds {found.formula} of IoU {found.score}, and brute force "
            f"{wanted}"
        )
    atoms = proposals(op, bank.vocabulary).formulas
    assert atoms == proposals(op, bank.vocabulary).formulas, (
        f"{what} proposes others when asked again"
    )
    if not atoms:
        return
    try:
        derived = [_cells_of(resolve(one, bank), cells, bank)[valid] for one in atoms]
    except LogicxError as error:
        raise AssertionError(f"{what} does not apply to what it proposes: {error}") from error
    masks = np.stack([*(cells[one][valid] for one in names), *derived])
    wanted = _ious(masks, unit).max()
    (found,) = explain(bank, units, atoms=[op.keyword], length=1, literals=False)
    assert found.score == wanted, (
        f"a search with {op.keyword} as an atom finds {found.score}, and brute force {wanted}"
    )
    for atom, mask in zip(atoms, derived, strict=True):
        told = score(atom, bank, units, "u").score
        assert told == _ious(mask[None], unit)[0], f"{what}: {atom} scores {told}"


def _slots(op: Operator) -> int:
    """To how many concepts a search applies it that is told its keyword alone; 0 to none."""
    if op.kind != "connective" or op.form == "prefix" or op.parameters:
        return 0
    return max(3, op.min_args) if op.max_args is None else max(op.min_args, min(3, op.max_args))


def _ious(masks: Masks, unit: Masks) -> Any:
    tp, fp = tp_fp(masks, unit)
    return tp / (fp + unit.sum())
