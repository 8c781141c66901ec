from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx.bank import ConceptBank
from logicx.canon import canonical
from logicx.counts import MAX_TABLE_ARGS, evaluate, resolve
from logicx.errors import LogicxError, OperatorError, UnknownConcept
from logicx.formula import Apply, Concept
from logicx.language import DIALECTS, format_formula, parse
from logicx.operators import FACTS, REGISTRY, operator, operators
from logicx.scoring import score
from logicx.units import Units

BITS = (False, True)
NAMES = list("abcdefgh")


def bank_of_rows(rows, relations=None) -> ConceptBank:
    """A bank with one cell per row of truth values of the concepts a, b, ..."""
    masks = np.array(list(rows), dtype=bool).T
    return ConceptBank.from_masks(masks, NAMES[: len(masks)], relations=relations)


def every_row(n: int) -> ConceptBank:
    return bank_of_rows(product(BITS, repeat=n))


def holds(formula, bank) -> list[bool]:
    """Where a formula holds, cell by cell."""
    return bank.cells(evaluate(formula, bank)).tolist()


def register(keyword="MINE", meaning=None, n_args=2, **options):
    """Register a connective that is a plain function."""

    def function(*args):
        """Made for a test."""
        return meaning(*args)

    options = {"args": n_args, "example": "MINE(a, b)", **options}
    return operator(keyword, **options)(function)


def is_registered(keyword) -> bool:
    return keyword in [one.keyword for one in operators()]


# ---- registration


def false(*args):
    """Never."""
    return False


REFUSALS = {
    "keyword-case": ({"keyword": "nand"}, "must be two or more capitals"),
    "keyword-short": ({"keyword": "N"}, "must be two or more capitals"),
    "keyword-empty": ({"keyword": ""}, "must be two or more capitals"),
    "keyword-dash": ({"keyword": "N-AND"}, "must be two or more capitals"),
    "keyword-space": ({"keyword": "AND NOT"}, "must be two or more capitals"),
    "keyword-newline": ({"keyword": "NAND\n"}, "must be two or more capitals"),
    "keyword-digit": ({"keyword": "2OF"}, "must be two or more capitals"),
    "keyword-unicode": ({"keyword": "ÜBER"}, "must be two or more capitals"),
    "symbol": ({"symbol": "@"}, "the symbol '@' must be made of & | ~ ^"),
    "tilde in a symbol": ({"symbol": "&~"}, "would be read in a&~b"),
    "symbol-partly": ({"symbol": "&&a"}, "must be made of"),
    "symbol-space": ({"symbol": "& &"}, "must be made of"),
    "form": ({"form": "postfix"}, "form 'postfix' or kind 'connective' is unknown"),
    "kind": ({"kind": "quantifier"}, "form 'call' or kind 'quantifier' is unknown"),
    "infix-arity": ({"form": "infix", "precedence": 5, "args": 3}, "infix .* takes two arguments"),
    "infix-any": ({"form": "infix", "precedence": 5, "args": (2, None)}, "takes two arguments"),
    "no-precedence": ({"form": "infix"}, "precedence must lie between 1 and 99"),
    "precedence": ({"form": "infix", "precedence": 100}, "precedence must lie between 1 and 99"),
    "prefix-arity": ({"form": "prefix", "args": 2}, "a prefix operator takes one argument"),
    "no-args": ({"args": 0}, "must take at least one argument"),
    "negative-args": ({"args": (-1, None)}, "must take at least one argument"),
    "args-order": ({"args": (3, 2)}, "at most no fewer than at least"),
    "infix-parameters": (
        {"form": "infix", "precedence": 5, "parameters": ["k"]},
        "only a call can have parameters",
    ),
    "prefix-parameters": (
        {"form": "prefix", "args": 1, "parameters": ["k"]},
        "only a call can have parameters",
    ),
    "facts": ({"facts": ["monotone", "commutative"]}, "unknown facts: monotone"),
    "example": ({"example": ""}, "it needs a docstring and an example"),
    "involution-of-two": ({"facts": ["involution"]}, "only an operator of one argument"),
    "involution-of-many": (
        {"args": (1, None), "facts": ["involution"]},
        "only an operator of one argument",
    ),
    "associative-of-one": ({"args": 1, "facts": ["associative"]}, "only an operator of two"),
    "idempotent-of-three": ({"args": 3, "facts": ["idempotent"]}, "only an operator of two"),
    "false-fact": ({"facts": ["idempotent"]}, "its truth table is not idempotent"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_registration_refuses(case):
    changes, why = REFUSALS[case]
    options = {"keyword": "NAND", "example": "NAND(a, b)", **changes}
    keyword = options.pop("keyword")
    before = operators()
    with REGISTRY.scope():
        with pytest.raises(OperatorError, match=why) as caught:
            operator(keyword, **options)(false)
        assert operators() == before
    assert isinstance(caught.value, TypeError)
    assert f"operator {keyword!r} of {__name__}: " in caught.value.message


def test_registration_needs_a_docstring():
    with REGISTRY.scope(), pytest.raises(OperatorError, match="needs a docstring"):
        operator("NAND", example="NAND(a, b)")(lambda a, b: not (a and b))


@pytest.mark.parametrize(
    ("function", "options"),
    [
        (lambda a: a, {"args": 2}),
        (lambda a, b: a, {"args": (2, 3)}),
        (lambda a, b: a, {"args": (2, None)}),
        (lambda a, b: a, {"args": 2, "parameters": ["k"]}),
        (lambda a, b, c: a, {"args": 2, "facts": ["commutative"]}),
        (lambda concept: concept, {"args": 1, "kind": "rewrite"}),
        (lambda a, *, b: a, {"args": 1}),
    ],
)
def test_registration_refuses_a_function_that_cannot_be_called(function, options):
    function.__doc__ = "Something."
    with REGISTRY.scope(), pytest.raises(OperatorError, match="function cannot be called with"):
        operator("MINE", example="MINE(a)", **options)(function)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"keyword": "AND"}, "keyword 'AND'"),
        ({"keyword": "ATLEAST"}, "keyword 'ATLEAST'"),
        ({"keyword": "NAND", "symbol": "&"}, "symbol '&'"),
    ],
)
def test_a_clash_names_both_owners(options, what):
    keyword = options.pop("keyword")
    with REGISTRY.scope(), pytest.raises(OperatorError) as caught:
        operator(keyword, example="a", **options)(false)
    assert caught.value.code == "operator-clash"
    message = f"{__name__} registers the {what}, which logicx.operators has"
    assert caught.value.message == message
    assert parse("a AND b") == Apply("AND", (Concept("a"), Concept("b")))


def test_operators_without_symbols_do_not_clash():
    with REGISTRY.scope():
        register("ONE", false)
        register("OTHER", false)
        assert is_registered("ONE")
        assert is_registered("OTHER")


def test_what_is_registered_in_a_scope_is_forgotten():
    before = operators()
    with REGISTRY.scope():
        register("NAND", false, form="infix", precedence=30)
        assert parse("a NAND b").operator == "NAND"
        with REGISTRY.scope():
            register("NOR", false, form="infix", precedence=10)
            assert parse("a NOR b NAND c").operator == "NOR"
        assert parse("a NOR b") == Concept("a NOR b")
        assert parse("a NAND b").operator == "NAND"
    assert operators() == before
    assert parse("a NAND b") == Concept("a NAND b")


def test_a_scope_that_fails_is_forgotten_too():
    before = operators()

    def fail():
        with REGISTRY.scope():
            register("NAND", false, form="infix", precedence=30)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert operators() == before


def test_get_knows_any_case_and_suggests():
    assert REGISTRY.get("atLeast").keyword == "ATLEAST"
    with pytest.raises(OperatorError) as caught:
        REGISTRY.get("neighbours")
    assert caught.value.code == "unknown-operator"
    assert caught.value.hint == "did you mean: NEIGHBORS?"
    with pytest.raises(OperatorError, match="no operator 'FROBNICATE'"):
        REGISTRY.get("FROBNICATE")


@pytest.mark.parametrize(
    ("keyword", "signature", "takes_one"),
    [
        ("AND", "a AND b", False),
        ("NOT", "NOT a", True),
        ("ATLEAST", "ATLEAST(k, a, ...)", False),
        ("NEIGHBORS", "NEIGHBORS(a)", True),
    ],
)
def test_signature(keyword, signature, takes_one):
    assert REGISTRY.get(keyword).signature == signature
    assert REGISTRY.get(keyword).takes_one is takes_one


@pytest.mark.parametrize("one", operators(), ids=lambda one: one.keyword)
def test_every_operator_is_documented_and_its_example_uses_it(one):
    assert one.doc.endswith(".")
    assert any(
        isinstance(node, Apply) and node.operator == one.keyword for node in [parse(one.example)]
    )


@pytest.mark.parametrize(
    ("keyword", "n_args", "parameters", "wrong"),
    [
        ("AND", 2, (), ""),
        ("AND", 3, (), "AND takes 2 arguments, not 3"),
        ("AND", 2, (1,), "AND takes no number 1 first"),
        ("NOT", 1, (), ""),
        ("NOT", 2, (), "NOT takes 1 argument, not 2"),
        ("ATLEAST", 1, (0,), ""),
        ("ATLEAST", 900, (999_999_999,), ""),
        ("ATLEAST", 0, (2,), "ATLEAST takes at least 1 argument, not 0"),
        ("ATLEAST", 2, (), "ATLEAST needs a whole number 'k' first"),
        ("ATLEAST", 2, (1, 2), "ATLEAST takes no number 2 first"),
        ("ATLEAST", 2, (-1,), "ATLEAST takes whole numbers from 0 to 999,999,999"),
        ("ATLEAST", 2, (True,), "ATLEAST takes whole numbers from 0 to 999,999,999"),
    ],
)
def test_arity(keyword, n_args, parameters, wrong):
    found = REGISTRY.get(keyword).check_arity(n_args, parameters)
    assert found.startswith(wrong)
    assert bool(found) == bool(wrong)


# ---- facts


def facts_that_hold(table) -> set[str]:
    """The facts of a two-argument connective, by their definitions."""
    found = set()
    if all(table(a, b) == table(b, a) for a, b in product(BITS, BITS)):
        found.add("commutative")
    if all(table(a, a) == a for a in BITS):
        found.add("idempotent")
    triples = product(BITS, BITS, BITS)
    if all(table(table(a, b), c) == table(a, table(b, c)) for a, b, c in triples):
        found.add("associative")
    return found


@pytest.mark.parametrize("number", range(16))
def test_facts_are_checked_against_the_truth_table(number):
    def table(a, b):
        return bool(number >> (2 * a + b) & 1)

    true = facts_that_hold(table)
    for fact in FACTS - {"involution"}:
        with REGISTRY.scope():
            if fact in true:
                register("MINE", table, facts=[fact])
                assert is_registered("MINE")
            else:
                with pytest.raises(OperatorError, match=f"its truth table is not {fact}$"):
                    register("MINE", table, facts=[fact])
    with REGISTRY.scope():
        register("MINE", table, facts=sorted(true))
        assert REGISTRY.get("MINE").facts == true


@pytest.mark.parametrize(("low", "high"), list(product(BITS, BITS)))
def test_involutions_are_checked_against_the_truth_table(low, high):
    def table(a):
        return high if a else low

    with REGISTRY.scope():
        if low != high:
            register("MINE", table, 1, facts=["involution"])
            assert is_registered("MINE")
        else:
            with pytest.raises(OperatorError, match="its truth table is not involution"):
                register("MINE", table, 1, facts=["involution"])


@given(st.integers(3, 5), st.data())
def test_commutativity_is_checked_on_all_arguments(n, data):
    rows = list(product(BITS, repeat=n))
    true = set(data.draw(st.lists(st.sampled_from(rows), max_size=4)))
    if data.draw(st.booleans()):
        true = {other for row in true for other in permutations(row)}
    is_symmetric = all(other in true for row in true for other in permutations(row))
    with REGISTRY.scope():
        if is_symmetric:
            register("MINE", lambda *row: row in true, n, facts=["commutative"])
            assert REGISTRY.get("MINE").is_symmetric
        else:
            with pytest.raises(OperatorError, match="not commutative"):
                register("MINE", lambda *row: row in true, n, facts=["commutative"])


def test_commutativity_of_any_number_of_arguments_is_checked_beyond_the_fewest():
    with REGISTRY.scope(), pytest.raises(OperatorError, match="not commutative"):
        register("MINE", lambda *row: row[0], (1, None), facts=["commutative"])
    with REGISTRY.scope(), pytest.raises(OperatorError, match="not commutative"):
        register("MINE", lambda *row: row[-1] and len(row) > 2, (2, 3), facts=["commutative"])


@pytest.mark.parametrize("keyword", ["AND", "OR", "XOR"])
def test_built_in_operators_state_all_their_facts(keyword):
    one = REGISTRY.get(keyword)
    assert one.facts == facts_that_hold(one.meaning)
    assert one.pair_table() == tuple(one.meaning(a, b) for a, b in product(BITS, BITS))


# ---- evaluation from the truth table alone


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 5), st.data())
def test_any_connective_equals_brute_force(n, data):
    rows = list(product(BITS, repeat=n))
    values = data.draw(st.lists(st.booleans(), min_size=2**n, max_size=2**n))
    table = dict(zip(rows, values, strict=True))
    order = data.draw(st.permutations(range(n)))
    negated = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    args = [
        Apply("NOT", (Concept(NAMES[i]),)) if flip else Concept(NAMES[i])
        for i, flip in zip(order, negated, strict=True)
    ]
    with REGISTRY.scope():
        register("MINE", lambda *row: table[row], n)
        found = holds(Apply("MINE", tuple(args)), every_row(n))
    brute = [
        table[tuple(row[i] != flip for i, flip in zip(order, negated, strict=True))] for row in rows
    ]
    assert found == brute


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 5), st.data())
def test_any_symmetric_connective_equals_brute_force(n, data):
    by_number = data.draw(st.lists(st.booleans(), min_size=n + 1, max_size=n + 1))
    which = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    with REGISTRY.scope():
        register("MINE", lambda *row: by_number[sum(row)], n, facts=["commutative"])
        found = holds(Apply("MINE", tuple(Concept(NAMES[i]) for i in which)), every_row(n))
    rows = product(BITS, repeat=n)
    assert found == [by_number[sum(row[i] for i in which)] for row in rows]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 12),
    st.lists(st.integers(0, 4), min_size=1, max_size=10),
    st.lists(st.tuples(*[st.booleans()] * 5), min_size=1, max_size=70),
)
def test_atleast_counts(k, which, rows):
    formula = Apply("ATLEAST", tuple(Concept(NAMES[i]) for i in which), (k,))
    assert holds(formula, bank_of_rows(rows)) == [sum(row[i] for i in which) >= k for row in rows]


@pytest.mark.parametrize(
    ("k", "n_args"), [(0, 1), (1, 1), (2, 1), (0, 5), (5, 5), (6, 5), (10**9 - 1, 3)]
)
def test_atleast_at_its_limits(k, n_args):
    formula = Apply("ATLEAST", tuple(Concept(name) for name in NAMES[:n_args]), (k,))
    rows = list(product(BITS, repeat=n_args))
    assert holds(formula, every_row(n_args)) == [sum(row) >= k for row in rows]


def test_atleast_of_many_arguments():
    source = np.random.default_rng(0)
    masks = source.random((150, 90)) < 0.5
    names = [f"c{i}" for i in range(150)]
    bank = ConceptBank.from_masks(masks, names)
    for k in (1, 70, 75, 80, 150):
        formula = parse(f"ATLEAST({k}, {', '.join(names)})")
        assert bank.cells(evaluate(formula, bank)).tolist() == (masks.sum(0) >= k).tolist()


def test_a_table_too_large_to_write_out_is_refused():
    n = MAX_TABLE_ARGS + 1
    args = tuple(Concept("a") for _ in range(n))
    with REGISTRY.scope():
        register("MINE", lambda *row: row[0], (1, None))
        assert holds(Apply("MINE", args[1:]), every_row(1)) == [False, True]
        with pytest.raises(OperatorError, match=f"at most {MAX_TABLE_ARGS} arguments, not {n}"):
            evaluate(Apply("MINE", args), every_row(1))


# ---- third parties, through the public door


@pytest.fixture
def third_party():
    with REGISTRY.scope():

        @operator(
            "NAND",
            form="infix",
            symbol="&|",
            precedence=30,
            facts=["commutative"],
            example="water NAND blue",
        )
        def nand(a, b):
            """Not both."""
            return not (a and b)

        @operator(
            "MAJORITY", args=(1, None), facts=["commutative"], example="MAJORITY(water, blue, boat)"
        )
        def majority(*args):
            """More than half hold."""
            return 2 * sum(args) > len(args)

        @operator("IF", args=3, example="IF(water, blue, green)")
        def choose(condition, then, otherwise):
            """The second where the first holds, else the third."""
            return then if condition else otherwise

        @operator("NEAREST", kind="rewrite", args=1, parameters=["n"], example="NEAREST(2, a)")
        def nearest(bank, n, concept):
            """It, or one of its n nearest."""
            names = bank.relations["NEIGHBORS"][concept.name][:n]
            formula = concept
            for name in names:
                formula = formula | Concept(name)
            return formula

        yield


def test_third_party_operators_parse_and_print(third_party):
    a, b, c = (Concept(name) for name in "abc")
    nand = Apply("NAND", (a, b))
    for text in ("a NAND b", "a nand b", "a &| b", "a&|b", "(a)NAND(b)"):
        assert parse(text) == nand
    assert parse("a NAND b NAND c") == Apply("NAND", (nand, c))
    assert parse("a AND b NAND c") == Apply("NAND", (Apply("AND", (a, b)), c))
    assert parse("a OR b NAND c") == Apply("OR", (a, Apply("NAND", (b, c))))
    assert parse("a OR b NAND c", "chain") == Apply("NAND", (Apply("OR", (a, b)), c))
    assert parse("a AND ~b") == Apply("AND", (a, Apply("NOT", (b,))))
    assert parse("Majority(a, b NAND c)") == Apply("MAJORITY", (a, Apply("NAND", (b, c))))
    assert parse("NEAREST(2, a)") == Apply("NEAREST", (a,), (2,))
    for text in (
        "a NAND (b NAND c)",
        "(a AND b) NAND NOT c",
        "NOT MAJORITY(a, b, NOT c)",
        "IF(a OR b, NAND2, NEAREST(2, c))",
        'a OR "nand"',
    ):
        assert str(parse(text)) == text
        assert all(parse(text, dialect) == parse(text) for dialect in DIALECTS)


def test_third_party_operators_evaluate(third_party):
    bank = every_row(3)
    rows = list(product(BITS, repeat=3))
    for text, meaning in (
        ("a NAND b", lambda a, b, c: not (a and b)),
        ("MAJORITY(a, b, c)", lambda a, b, c: a + b + c >= 2),
        ("MAJORITY(a, NOT b)", lambda a, b, c: a and not b),
        ("IF(a, b, c)", lambda a, b, c: b if a else c),
        ("IF(a NAND b, NOT c, a OR c)", lambda a, b, c: not c if not (a and b) else a or c),
    ):
        formula = parse(text)
        want = [bool(meaning(*row)) for row in rows]
        assert holds(formula, bank) == want, text
        assert holds(canonical(formula), bank) == want, text


def test_canonical_form_uses_the_facts_of_third_parties(third_party):
    assert canonical(parse("b NAND a")) == parse("a NAND b")
    assert canonical(parse("MAJORITY(c, a, b)")) == parse("MAJORITY(a, b, c)")
    assert canonical(parse("IF(c, a, b)")) == parse("IF(c, a, b)")
    assert canonical(parse("(a NAND b) NAND c")) != canonical(parse("a NAND (b NAND c)"))


def test_third_party_operators_score(third_party):
    masks = [[0, 0, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1]]
    bank = ConceptBank.from_masks(
        masks, ["water", "blue", "sea"], relations={"NEIGHBORS": {"water": ["blue", "sea"]}}
    )
    units = Units.from_masks([[1, 1, 1, 0]], ["u"])
    for text, iou in (
        ("water NAND blue", 1.0),
        ("MAJORITY(water, blue, sea)", 0.0),
        ("NEAREST(1, water)", 0.5),
        ("NEAREST(0, water)", 0.25),
        ("NOT NEAREST(2, water)", 1 / 3),
    ):
        found = score(text, bank, units, "u")
        assert found.score == pytest.approx(iou), text
        assert format_formula(found.formula) == text


def test_a_rewrite_is_resolved_before_evaluation(third_party):
    relations = {"NEIGHBORS": {"a": ["b", "c"]}}
    bank = bank_of_rows(product(BITS, repeat=3), relations)
    assert resolve(parse("x AND a").args[1], bank) == Concept("a")
    assert resolve(parse("NOT NEAREST(2, a)"), bank) == parse("NOT (a OR b OR c)")
    assert resolve(parse("NEIGHBORS(a) AND c"), bank) == parse("(b OR c) AND c")


def test_calling_with_wrong_arguments_names_the_signature(third_party):
    for text, why in (
        ("IF(a, b)", r"IF takes 3 arguments, not 2: IF\(a, b, c\)"),
        ("NEAREST(a)", r"NEAREST needs a whole number 'n' first: NEAREST\(n, a\)"),
        ("NEAREST a", "NEAREST needs a whole number"),
        ("NEAREST(2, a, b)", "NEAREST takes 1 argument, not 2"),
        ("MAJORITY()", r"MAJORITY takes at least 1 argument, not 0: MAJORITY\(a, ...\)"),
    ):
        with pytest.raises(LogicxError, match=why) as caught:
            parse(text)
        assert caught.value.code == "arity"


SHORT_AND_LONG = list(product(["EQ", "EQUALS"], ["^^", "&^", "&&", "||", "|&", "&&&"]))


@pytest.mark.parametrize(("keyword", "symbol"), SHORT_AND_LONG)
def test_the_longest_symbol_wins_whatever_the_keyword(keyword, symbol):
    with REGISTRY.scope():
        register(keyword, lambda a, b: a == b, form="infix", symbol=symbol, precedence=5)
        want = Apply(keyword, (Concept("a"), Concept("b")))
        assert parse(f"a {symbol} b") == parse(f"a{symbol}b") == parse(f"a {keyword} b") == want
        assert parse("a & ~b") == parse("a AND NOT b")


def test_a_rewrite_may_return_a_rewrite():
    bank = bank_of_rows(product(BITS, repeat=3), {"NEIGHBORS": {"a": ["b", "c"]}})
    with REGISTRY.scope():

        @operator("FAR", kind="rewrite", args=1, example="FAR(a)")
        def far(bank, concept):
            """None of its neighbours."""
            return ~Apply("NEIGHBORS", (concept,))

        assert holds(parse("FAR(a)"), bank) == holds(parse("NOT (b OR c)"), bank)


def test_a_rewrite_that_returns_no_formula_is_named():
    with REGISTRY.scope():

        @operator("FAR", kind="rewrite", args=1, example="FAR(a)")
        def far(bank, concept):
            """Forgets to return anything."""

        with pytest.raises(OperatorError, match="FAR"):
            evaluate(parse("NOT FAR(a)"), every_row(1))


def test_a_rewrite_without_end_is_refused_and_unknown_names_are_told():
    with REGISTRY.scope():

        @operator("FAR", kind="rewrite", args=1, example="FAR(a)")
        def far(bank, concept):
            """Itself again."""
            return Apply("FAR", (concept,))

        @operator("OTHER", kind="rewrite", args=1, example="OTHER(a)")
        def other(bank, concept):
            """Something that no bank has."""
            return parse("zebra AND (lion OR zebra)")

        with pytest.raises(OperatorError, match="FAR is rewritten without end"):
            evaluate(parse("FAR(a)"), every_row(1))
        with pytest.raises(UnknownConcept, match="zebra") as caught:
            evaluate(parse("a OR OTHER(a)"), every_row(1))
        assert [one.span for one in (caught.value, *caught.value.also)] == [(5, 13), (5, 13)]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(11, 40), st.integers(0, 42))
def test_many_arguments_are_counted_in_binary(seed, n, k):
    """Above the size whose truth table is written out."""
    dice = np.random.default_rng(seed)
    masks = dice.random((n, 70)) < dice.random()
    bank = ConceptBank.from_masks(masks, [f"c{i}" for i in range(n)])
    text = f"ATLEAST({k}, {', '.join(bank.names)})"
    assert (bank.cells(evaluate(parse(text), bank)) == (masks.sum(axis=0) >= k)).all()


def test_facts_are_checked_with_several_parameters():
    with REGISTRY.scope(), pytest.raises(OperatorError, match="not commutative"):

        @operator(
            "WEIRD", args=2, parameters=["k"], facts=["commutative"], example="WEIRD(3, a, b)"
        )
        def weird(k, a, b):
            """The first, if k is 3."""
            return a if k == 3 else a and b


def test_the_same_cell_of_a_notebook_may_register_again():
    with REGISTRY.scope():
        for value in (False, True):

            @operator("SAME", form="infix", precedence=5, example="a SAME b")
            def same(a, b, value=value):
                """Always the value."""
                return value

        assert REGISTRY.get("SAME").truth((), (False, False)) is True


def test_a_function_that_fails_is_named():
    with REGISTRY.scope():

        @operator("FRAGILE", args=2, parameters=["k"], example="FRAGILE(1, a, b)")
        def fragile(k, a, b):
            """Fails for a k of 7."""
            return bool(1 / (7 - k)) and a and b

        @operator("BROKEN", kind="rewrite", args=1, example="BROKEN(a)")
        def broken(bank, concept):
            """Fails."""
            return bank.nothing

        for text in ("FRAGILE(7, a, b)", "BROKEN(a)"):
            with pytest.raises(OperatorError, match=r"the function of .* fails"):
                evaluate(parse(text), every_row(2))
