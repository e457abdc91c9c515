"""Names of a package that are imported when they are first used, so that importing the package is cheap."""

import importlib
from collections.abc import Callable, Mapping


def attach(
    package: str, names: Mapping[str, str], modules: Mapping[str, str] | None = None
) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """What a package's `__getattr__`, `__dir__` and `__all__` are to be.

    names: what the package offers, and the module that has it under this name. modules: what it offers that is a module, and
    its full name.
    """
    modules = modules or {}
    offered = sorted({*names, *modules})

    def find(name: str) -> object:
        if name in names:
            return getattr(importlib.import_module(names[name]), name)
        if name in modules:
            return importlib.import_module(modules[name])
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find, lambda: offered, offered
