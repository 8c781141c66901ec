"""A kind of part: the table from names to parts, and the loading of those that packages bring."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from logicx.errors import LogicxError, OptionError, PluginWarning, did_you_mean
from logicx.parts.owners import Owner, installed, loading, module_of, owner_of, source_hash
from logicx.parts.plugins import PLUGINS, Failure, plural, wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from importlib.metadata import EntryPoint

P = TypeVar("P")


@dataclass(frozen=True)
class Registered(Generic[P]):
    """A part in force, and whose it is."""

    name: str
    part: P
    owner: Owner


class Kind(Generic[P]):
    """All parts of one kind.

    Args:
        name: What one is called, such as `objective`.
        builtins: The modules that register the built-in ones when they are imported.
        check: Raises an error that says what is wrong with a part; called with part and owner.
        claims: What only one part may have, as (what it is, value); by default its name.
        error: The class of errors about parts of this kind.
    """

    def __init__(
        self,
        name: str,
        *,
        builtins: Sequence[str],
        check: Callable[[P, Owner], None],
        claims: Callable[[P], Sequence[tuple[str, str]]] | None = None,
        error: type[LogicxError] = OptionError,
    ) -> None:
        """An empty table; its parts are loaded when they are first asked for."""
        self.name = name
        self.group = f"logicx.{plural(name)}"
        self._builtins = tuple(builtins)
        self._check = check
        self._claims = claims or (lambda part: [("name", str(getattr(part, "name", "")))])
        self._error = error
        self._later: list[Callable[[P, Owner], None]] = []
        self._parts: dict[str, Registered[P]] = {}
        self._has_builtins = self._has_plugins = False
        self.failures: list[Failure] = []
        _KINDS[name] = self

    def register(self, part: P, *, module: str = "") -> P:
        """Check a part and put it in force.

        Args:
            part: The part.
            module: Where it was written; by default the module of its class or function.

        Returns:
            The part.

        Raises:
            LogicxError: It is wrong in itself, or has a name that another owner's part has.
        """
        owner = owner_of(module or module_of(part))
        self._check(part, owner)
        claims = self._claims(part)
        if not owner.is_builtin:
            self._load_builtins()
        for old in self._parts.values():
            if (old.owner.module, old.name) == (owner.module, claims[0][1]):
                continue  # the same module again: a notebook's cell, a reload
            theirs = {*self._claims(old.part)}
            for what, value in claims:
                if value and (what, value) in theirs:
                    raise self._error(
                        f"{owner} registers the {self.name} {what} {value!r}, "
                        f"which {old.owner} has",
                        code=f"{self.name}-clash",
                        hint=f"give one of them another name, or restrict {PLUGINS}",
                    )
        name, before = claims[0][1], dict(self._parts)
        self._parts[name] = Registered(name, part, owner)
        try:
            for check in self._later:
                check(part, owner)
        except Exception:
            self._parts = before
            raise
        return part

    def also_check(self, check: Callable[[P, Owner], None]) -> None:
        """Have parts checked beside the others, by a module that stands above those of the kind.

        Args:
            check: Raises an error that says what is wrong; called with part and owner once the part
                is in force, and if it raises, the part is not.
        """
        self._later.append(check)

    def in_force(self) -> tuple[P, ...]:
        """The parts that are registered by now; nothing is loaded."""
        return tuple(one.part for one in self._parts.values())

    def all(self) -> tuple[Registered[P], ...]:
        """Every part in force, the built-in ones first."""
        self._load()
        return tuple(self._parts.values())

    def table(self) -> Mapping[str, P]:
        """Parts by name."""
        return {one.name: one.part for one in self.all()}

    def find(self, name: str) -> Registered[P] | None:
        """The part of that name with its owner, or None."""
        self._load_builtins()
        if name not in self._parts:
            self._load()
        return self._parts.get(name)

    def get(self, name: str) -> P:
        """The part of that name; plug-ins are loaded only if no built-in part has it.

        Raises:
            LogicxError: There is none; the error says what may be meant.
        """
        found = self.find(name)
        if found is None:
            raise self.unknown(name)
        return found.part

    def unknown(self, name: str, shown: Sequence[str] = ()) -> LogicxError:
        """The error for a name that no part has.

        Args:
            name: The name.
            shown: Names as people write them, where they are more than those of the parts.
        """
        known = [*(shown or self.table())]
        hint = did_you_mean(name, known) or f"use one of: {', '.join(known)}"
        return self._error(
            f"no {self.name} {name!r}{self.missing()}", code=f"unknown-{self.name}", hint=hint
        )

    def missing(self) -> str:
        """What plug-ins that could not be loaded may have brought, as the end of a message."""
        if not self.failures:
            return ""
        names = ", ".join(f"{one.entry!r} of {one.owner}" for one in self.failures)
        return f" (it may be in a plug-in that could not be loaded: {names})"

    def owner(self, part: P) -> Owner:
        """Whose a part is, also where it was given as an instance and never registered."""
        for one in self._parts.values():
            if one.part is part:
                return one.owner
        return owner_of(module_of(part), is_loading=False)

    def identity(self, part: P) -> dict[str, str] | None:
        """By what a journal knows a part of one's own; None for those that came with logicx."""
        owner = self.owner(part)
        if owner.is_builtin:
            return None
        name = self._claims(part)[0][1]
        owner = owner if owner.distribution else installed(owner.module)
        return {
            "name": name,
            "module": owner.module,
            "distribution": owner.distribution,
            "version": owner.version,
            "source": source_hash(owner.module, part),
        }

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is registered inside is forgotten afterwards (for tests and notebooks)."""
        self._load()  # a plug-in registers once: loaded inside, it would be forgotten for good
        before = dict(self._parts)
        try:
            yield
        finally:
            self._parts = before

    def _load_builtins(self) -> None:
        if not self._has_builtins:
            self._has_builtins = True
            for one in self._builtins:
                import_module(one)

    def _load(self) -> None:
        self._load_builtins()
        if not self._has_plugins:
            entries = wanted().get(self.group, ())
            self._has_plugins = True
            for entry in entries:
                self._load_plugin(entry)

    def _load_plugin(self, entry: EntryPoint) -> None:
        before = {kind: dict(kind._parts) for kind in _KINDS.values()}
        dist = entry.dist
        name, version = (dist.name, dist.version) if dist else ("", "")
        owner = f"{name} {version}" if name else entry.value
        try:
            with loading(name, version):
                loaded = entry.load()
                if not isinstance(loaded, ModuleType) and not any(
                    _is_made_of(one.part, loaded) for one in self._parts.values()
                ):
                    self.register(loaded, module=entry.module)
        except Exception as error:
            for kind in _KINDS.values():
                kept = before.get(kind, {})
                built_in = {k: v for k, v in kind._parts.items() if v.owner.is_builtin}
                kind._parts = {**kept, **built_in}  # those that it imported stay
            is_ours = isinstance(error, LogicxError)
            reason = str(error) if is_ours else f"{type(error).__name__}: {error}"
            self.failures.append(Failure(entry.name, owner, reason))
            warnings.warn(
                f"the plug-in {entry.name!r} of {owner} could not be loaded and is left out: "
                f"{reason}",
                PluginWarning,
                stacklevel=2,
            )


_KINDS: dict[str, Kind[Any]] = {}


def _is_made_of(part: object, loaded: object) -> bool:
    """Whether it is that part, or was made of that function or class by a decorator."""
    if part is loaded or type(part) is loaded:
        return True
    return any(value is loaded for value in getattr(part, "__dict__", {}).values())
