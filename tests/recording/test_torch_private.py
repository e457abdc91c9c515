"""A torch that lacks one of the private names is refused by that name; and nothing else of the recorder reaches for any."""

import ast
import importlib
import pkgutil
import sys
from pathlib import Path

import pytest
import torch

import rnnviz.recording
from rnnviz.recording import torch_private

HERE = Path(rnnviz.recording.__file__).parent
OWN = {"_asdict", "_fields"}  # of a named tuple: public in all but name
FILES = [path for path in sorted(HERE.glob("*.py")) if path.name != "torch_private.py"]


class Without:
    """torch, or a part of it, in which one name is missing."""

    def __init__(self, real, missing):
        self._real, self._missing = real, missing

    def __getattr__(self, name):
        first, _, rest = self._missing.partition(".")
        if name != first:
            return getattr(self._real, name)
        if not rest:
            raise AttributeError(name)
        return Without(getattr(self._real, name), rest)


def test_this_torch_has_every_name():
    torch_private.check()


@pytest.mark.parametrize("path", torch_private.NAMES)
def test_a_name_that_is_missing_is_said_with_what_it_is_for(path):
    with pytest.raises(ImportError) as raised:
        torch_private.check(Without(torch, path))
    message = str(raised.value)
    assert f"torch.{path} is not there ({torch_private.NAMES[path]})" in message
    assert torch.__version__ in message and "\n" not in message


@pytest.mark.parametrize(("path", "name"), torch_private.IN_CODE)
def test_so_is_one_inside_a_function(path, name):
    class Rewritten(Without):
        """In it, the function at `path` is another, which knows none of the names."""

        def __getattr__(self, attribute):
            first, _, rest = self._missing.partition(".")
            if attribute == first:
                return Rewritten(getattr(self._real, attribute), rest) if rest else lambda self: None
            return getattr(self._real, attribute)

    with pytest.raises(ImportError, match=f"{name} in torch.{path} is not there"):
        torch_private.check(Rewritten(torch, path))


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_no_other_file_reaches_to_the_private_side(file):
    reached = [
        f"line {node.lineno}: .{node.attr}"
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in OWN
        and not (
            isinstance(node.value, ast.Name) and node.value.id in ("self", "cls", "recording", "_thread")
        )
    ]
    assert reached == []


def test_record_is_a_function_whatever_was_imported_and_no_module_goes_by_the_name_of_a_function():
    modules = [name for _, name, _ in pkgutil.iter_modules([str(HERE)])]
    functions = set()
    for name in modules:
        module = importlib.import_module(f"rnnviz.recording.{name}")
        functions |= {k for k, v in vars(module).items() if callable(v) and not k.startswith("_")}
    assert functions & set(modules) == set()
    assert callable(rnnviz.recording.record) and callable(rnnviz.record)
    assert "rnnviz.recording.record" not in sys.modules


def test_no_file_of_the_recorder_is_imported_in_a_circle():
    imports = {}
    for path in HERE.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        found = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "rnnviz.recording":
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rnnviz.recording."):
                found.add(node.module.rpartition(".")[2])
        imports[path.stem] = found
    while imports:  # what stands on nothing is taken off, until nothing is left
        ground = {name for name, needs in imports.items() if not needs & set(imports)}
        assert ground, f"in a circle: {sorted(imports)}"
        imports = {name: needs for name, needs in imports.items() if name not in ground}
