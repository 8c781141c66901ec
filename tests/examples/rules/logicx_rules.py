"""Two connectives and two rewrites that propose atoms, by what docs/language.md says alone."""

from collections import Counter

from logicx import Formula, LogicxError, Vocabulary, any_of, operator


@operator(
    "ENTAILS",
    form="infix",
    symbol="=>",
    precedence=6,
    associates="right",
    example="water ENTAILS blue",
)
def entails(a: bool, b: bool) -> bool:
    """The second holds wherever the first does."""
    return not a or b


@operator("TWOTHIRDS", args=(3, None), example="TWOTHIRDS(water, blue, boat)")
def two_thirds(*held: bool) -> bool:
    """At least two thirds of the arguments hold."""
    return 3 * sum(held) >= 2 * len(held)


@operator(
    "GROUP",
    kind="rewrite",
    args="text",
    example="GROUP(color)",
    proposes=lambda bank: [
        one for one, n in Counter(filter(None, bank.categories)).items() if n > 1
    ],
)
def group(bank: Vocabulary, category: str) -> Formula:
    """Any of the concepts of a category, capitals or not."""
    found = [
        name
        for name, one in zip(bank.names, bank.categories, strict=True)
        if one.lower() == category.lower()
    ]
    if not found:
        raise LogicxError(f"no concept of bank {bank.name!r} is of category {category!r}")
    return any_of(found)


def first_words(bank: Vocabulary) -> list[str]:
    told = Counter(name.split()[0] for name in bank.names if " " in name)
    return sorted(word for word, n in told.items() if n > 1)


@operator(
    "STARTS",
    kind="rewrite",
    args="text",
    example='STARTS("dark")',
    proposes=first_words,
    proposes_by_default=False,
)
def starts(bank: Vocabulary, text: str) -> Formula:
    """Any of the concepts whose names begin with a text."""
    found = [name for name in bank.names if name.startswith(text)]
    if not found:
        raise LogicxError(f"no concept of bank {bank.name!r} begins with {text!r}")
    return any_of(found)
