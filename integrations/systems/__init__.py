"""The registry: every folder here that holds a `SYSTEM` is a System. Adding one edits nothing else."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from integrations.systems.base import System


class UnknownSystem(LookupError):
    """A Service names a System whose folder is not (or no longer) here."""


@cache
def all_systems() -> dict[str, System]:
    """Every System by slug, in alphabetical order."""
    names = sorted(module.name for module in iter_modules(__path__) if module.ispkg)
    found = (import_module(f"{__name__}.{name}").SYSTEM for name in names)
    return {system.slug: system for system in found}


def get(slug: str) -> System:
    """The System of that slug.

    Raises:
        UnknownSystem: with a sentence that says where its folder should be.
    """
    try:
        return all_systems()[slug]
    except KeyError:
        raise UnknownSystem(
            f"There is no system “{slug}”. Put its folder back under integrations/systems/, "
            "or choose another system for this service."
        ) from None


def choices() -> list[tuple[str, str]]:
    """For the System field of a Service; a callable, so that a new folder makes no migration."""
    return [(system.slug, system.label) for system in all_systems().values()]
