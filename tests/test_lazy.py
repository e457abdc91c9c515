"""What a type checker is told of a package whose names are imported when they are first used: no other names than it has."""

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STUBS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "rnnviz").rglob("__init__.pyi"))


def told(stub):
    """Each name of a stub, and from where it says that it comes: the module and its name there, or a module by itself."""
    tree = ast.parse((ROOT / stub).read_text("utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname: f"{node.module}.{alias.name}" for node in imports for alias in node.names}


@pytest.mark.parametrize("stub", STUBS)
def test_a_stub_tells_the_names_that_its_package_has_and_where_they_are(stub):
    package = importlib.import_module(stub.removesuffix("/__init__.pyi").replace("/", "."))
    names, modules = getattr(package, "_NAMES", {}), getattr(package, "_MODULES", {})
    assert sorted(told(stub)) == package.__all__
    assert told(stub) == {name: f"{module}.{name}" for name, module in names.items()} | modules


def test_every_package_whose_names_come_late_has_a_stub():
    """Without one, a type checker takes what a reader imports for an object that cannot be called."""
    faces = {
        path for path in (ROOT / "rnnviz").rglob("__init__.py") if "lazy.attach(" in path.read_text("utf-8")
    }
    assert {face.with_suffix(".pyi") for face in faces} <= {ROOT / stub for stub in STUBS}
    assert "rnnviz/__init__.pyi" in STUBS
