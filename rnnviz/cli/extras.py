"""What only some commands stand on, and the package's extras bring."""

import importlib.util


def need(*modules: str) -> None:
    """Raises ModuleNotFoundError for the first that is not installed, before anything is done that would be lost."""
    for name in modules:
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
