"""What a source is: a kind of recipe, with its settings, that makes a bank of a file or folder.

What the sources of other people give is checked, and their faults come out with the owner's name.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from logicx.banks.bank import ConceptBank
from logicx.errors import LogicxError, PluginError
from logicx.parts import Kind, answering
from logicx.parts.written import check_named
from logicx.sources.settings import settings_of, unknown_types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from logicx.parts import Owner, Registered
    from logicx.sources.reading import Recipe

F = TypeVar("F", bound="Callable[..., Any]")


class Source(Protocol):
    """A kind of recipe."""

    @property
    def name(self) -> str:
        """What a recipe calls it, as `kind`."""
        ...

    @property
    def doc(self) -> str:
        """What it reads."""
        ...

    @property
    def tables(self) -> tuple[str, ...]:
        """The recipe's tables that are its own, by custom one of its name."""
        ...

    @property
    def is_folder(self) -> bool:
        """Whether the data are a folder; of a single file the bank keeps the SHA-256."""
        ...

    def read(self, recipe: Recipe) -> Any:
        """Its settings, of a recipe's tables.

        Raises:
            DataError: They mean nothing.
        """
        ...

    def compile(
        self,
        path: Path,
        settings: Any,
        *,
        name: str,
        source: dict[str, Any],
        progress: Callable[[int, int], None] | None,
    ) -> ConceptBank:
        """The bank of a file or folder.

        Args:
            path: The file or folder.
            settings: What `read` gave.
            name: What to call the bank.
            source: Where it comes from, for `bank.source`.
            progress: Called with steps done and steps in all, if somebody looks.
        """
        ...


@dataclass(frozen=True)
class FunctionSource:
    """A source that is a function; `source` says what each argument means."""

    name: str
    doc: str
    function: Callable[..., Any]
    settings: Any
    is_folder: bool

    @property
    def written_in(self) -> str:
        """The module of its function, by which it is known whose it is."""
        return str(getattr(self.function, "__module__", ""))

    @property
    def tables(self) -> tuple[str, ...]:
        """One, of its name."""
        return (self.name,)

    def read(self, recipe: Recipe) -> Any:
        """The settings, of the recipe's table."""
        if self.settings is None:
            return recipe.table(self.name, ())
        if not isinstance(self.settings, type):
            return self.settings(recipe.table(self.name))
        given = recipe.table(self.name, [one.name for one in fields(self.settings)])
        return settings_of(self.settings, given, recipe.where(self.name))

    def compile(self, path: Path, settings: Any, **told: Any) -> Any:
        """What the function gives."""
        return self.function(path, settings, **told)


def check_part(part: Any, owner: Owner) -> None:
    """Refuse what is no source.

    Raises:
        PluginError: It lacks something, has no name or doc, or settings of types unknown.
    """
    if owner.is_builtin:
        return
    parts = ("name", "doc", "tables", "is_folder", "read", "compile")
    missing = [one for one in parts if not hasattr(part, one)]
    if missing:
        raise PluginError(
            f"{owner} registers a source that is none: {part!r} has no {missing[0]}",
            hint=f"decorate a function with logicx.source; or it has {', '.join(parts)}",
        )
    what = check_named(
        part, owner, "source", such_as="my-texts", doc_hint="say in its docstring what it reads"
    )
    settings = getattr(part, "settings", None)
    if isinstance(settings, type):
        if not is_dataclass(settings):
            raise PluginError(
                f"{what} has settings={settings.__name__}, which is no data class",
                hint="its fields are the settings; or give a function of the recipe's table",
            )
        odd = unknown_types(settings)
        if odd:
            raise PluginError(f"{what} has a setting of an unknown type: {odd[0]}", hint=odd[1])
    elif settings is not None and not callable(settings):
        raise PluginError(
            f"{what} has settings={settings!r}",
            hint="a data class, or a function of the recipe's table",
        )


SOURCE_KIND: Kind[Source] = Kind("source", builtins=["logicx.sources.kinds"], check=check_part)
"""All kinds of recipes by name."""


def source(
    kind: str,
    *,
    settings: type | Callable[[Mapping[str, Any]], Any] | None = None,
    folder: bool = False,
) -> Callable[[F], F]:
    """Register the decorated function as a kind of recipe; its docstring is the documentation.

    It is called as `(path, settings, name=..., source=..., progress=...)` and gives a
    `ConceptBank`: `name` is what to call it, `source` says where it comes from, and `progress` is
    None or to be called with steps done and steps in all.

    Args:
        kind: What a recipe calls it, a word in lower case.
        settings: A data class whose fields are the settings that the recipe's table of that name
            may hold; or a function of that table; by default there are none.
        folder: Whether the data are a folder; else they are one file, whose SHA-256 the bank keeps.

    Raises:
        PluginError: The name is none, there is no doc, or a setting has a type that is not known.
        OptionError: Another has this name.

    Example:
        >>> with SOURCE_KIND.scope():
        ...     @source("lines")
        ...     def lines(path, settings, *, name, source, progress):
        ...         "A concept for each line that occurs."
        ...         rows = path.read_text().splitlines()
        ...         return ConceptBank.from_table({"line": rows}, {"line": "category"}, name=name)
        ...     SOURCE_KIND.get("lines").doc
        'A concept for each line that occurs.'
    """

    def register(function: F) -> F:
        doc = " ".join((function.__doc__ or "").split())
        SOURCE_KIND.register(FunctionSource(kind, doc, function, settings, folder))
        return function

    return register


def compiled(
    found: Registered[Source],
    recipe: Recipe,
    path: Path,
    *,
    name: str,
    source: dict[str, Any],
    progress: Callable[[int, int], None] | None,
) -> ConceptBank:
    """The bank that a source makes of a file or folder.

    Raises:
        PluginError: The source is somebody's own, and fails or gives something else than a bank.
    """
    kind, owner = found.part, found.owner
    if owner.is_builtin:
        settings = kind.read(recipe)
        return kind.compile(path, settings, name=name, source=source, progress=progress)
    what = f"source {kind.name!r}"
    with _named(what, owner):
        settings = kind.read(recipe)
        bank: Any = kind.compile(path, settings, name=name, source={**source}, progress=progress)
    if not isinstance(bank, ConceptBank):
        raise PluginError(
            f"{what} of {owner} gives {type(bank).__name__}, not a ConceptBank",
            hint="such as ConceptBank.from_masks(masks, names, name=name)",
        )
    bank.name = name
    bank.source = {**bank.source, **source}
    bank.__dict__.pop("content", None)
    try:
        json.dumps([bank.source, bank.relations], allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise PluginError(
            f"{what} of {owner} gives a bank whose source cannot be put on file: {error}",
            hint="bank.source holds texts, numbers, lists and tables of these",
        ) from error
    return bank


@contextmanager
def _named(what: str, owner: Owner) -> Iterator[None]:
    """Around somebody's own code: all that it raises comes out with its owner's name."""
    try:
        with answering(what, owner):
            yield
    except LogicxError as error:
        if not isinstance(error, PluginError):
            error.message = f"{what} of {owner}: {error.message}"
        raise
