"""What the package asks for is what it imports, and what the lock pins is among it."""

import ast
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def asked(*extras):
    """The requirements of the library and of those extras, by name; an extra that asks for another one brings it along."""
    found = {}
    for line in [*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:
            found |= asked(*requirement.extras)
        else:
            found[canonicalize_name(requirement.name)] = requirement
    return found


def locked(name="requirements.txt"):
    """The versions that a file of exact pins names, by package."""
    pins = (line.split("#")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines())
    requirements = [Requirement(pin) for pin in pins if pin and not pin.startswith("-r")]
    return {canonicalize_name(r.name): re.fullmatch("==(.+)", str(r.specifier))[1] for r in requirements}


CALLED = {"sklearn": "scikit-learn", "yaml": "PyYAML"}  # modules whose distribution has another name


def imported(*tops, but=()):
    """The distributions that the Python files of those folders import, wherever in a file."""
    names = set()
    for path in (path for top in tops for path in (ROOT / top).rglob("*.py")):
        if path.relative_to(ROOT).as_posix().startswith(tuple(but)):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    foreign = names - set(sys.stdlib_module_names) - {PROJECT["name"]}
    return {CALLED.get(name, name) for name in foreign}


USED_BY_OTHERS = {
    "h5netcdf",
    "h5py",
}  # xarray writes files through the one, which reads them through the other


def test_the_library_imports_only_what_it_asks_for():
    # of the extras; pyarrow comes with Streamlit, and whoever reads Parquet without is told; cloudpickle comes with distributed
    few = {"captum", "sacrebleu", "anywidget", "traitlets", "distributed", "PyYAML", "pyarrow", "cloudpickle"}
    assert imported("rnnviz", but=["rnnviz/ui"]) - few | USED_BY_OTHERS == set(asked())


def test_the_app_imports_only_what_it_asks_for():
    assert imported("rnnviz/ui", "rnnviz/cli", "pages") <= set(asked("app"))


def test_training_asks_for_what_it_imports():
    assert imported("rnnviz/training") <= set(asked("train"))
    assert set(asked("train")) - set(asked()) == {"sacrebleu"}


def test_versions_are_ranges_and_the_lock_is_within_them():
    everything = asked(*EXTRAS)
    no_app = {"notebook", "tensorboard", "dask", "lstmvis"}  # what these need is pinned for the tests alone
    apart = set(everything) - set(asked(*(extra for extra in EXTRAS if extra not in no_app)))
    pins = locked() | {
        name: version for name, version in locked("tests/requirements.txt").items() if name in apart
    }
    assert set(pins) - {"pytest"} == set(everything)
    for name, requirement in everything.items():
        assert str(requirement.specifier).startswith((">=", "<")) and "==" not in str(requirement.specifier)
        assert requirement.specifier.contains(pins[name]), f"{requirement} does not let {pins[name]} in"


@pytest.mark.parametrize("name", ["requirements.txt", "tests/requirements.txt"])
def test_every_pin_says_why_it_is_there(name):
    lines = [line for line in (ROOT / name).read_text("utf-8").splitlines() if "==" in line]
    assert [line for line in lines if not re.fullmatch(r"\S+==\S+ +# \S.+", line)] == []


def test_the_lock_with_hashes_holds_every_pin():
    """The file is written by .ci/lock; torch is there for processors alone, without nvidia's packages."""
    text = (ROOT / ".ci/requirements.lock").read_text("utf-8")
    blocks = re.findall(
        r"^([^\s#;=]+)==(\S+).*\n((?: +--hash=sha256:[0-9a-f]{64}.*\n?)+)", text, re.MULTILINE
    )
    versions = {(canonicalize_name(name), version) for name, version, _hashes in blocks}
    assert len(blocks) == len([line for line in text.splitlines() if "==" in line and line[0].isalpha()])
    assert {
        (name, version) for name, version in (locked() | locked("tests/requirements.txt")).items()
    } <= versions
    assert not [name for name, _version in versions if name.startswith(("nvidia", "triton", "cuda"))]


def test_what_runs_the_tests_is_what_the_files_pin():
    pins = locked() | locked("tests/requirements.txt")
    here = {name: metadata.version(name).partition("+")[0] for name in pins}
    assert here == pins
