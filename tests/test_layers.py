"""The tower: no room imports from a room above it or beside it, inside functions as well, and importing rnnviz is cheap."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(
    p.relative_to(ROOT).as_posix() for top in ("rnnviz", "pages") for p in (ROOT / top).rglob("*.py")
)
FILES.append("app.py")
PAGES = sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "pages").rglob("*.py"))
ROOMS = sorted(p.name for p in (ROOT / "rnnviz/ui/rooms").iterdir() if (p / "__init__.py").exists())

# The tower, from the ground up: what the files of each room may import beside the standard library and their own room. A room
# inside rnnviz goes by its full name; whoever may import a room may import all that is in it.
LAZY = {"rnnviz.lazy"}
LIBRARY = {
    f"rnnviz.{name}"
    for name in "netcdf told trace naming stats figures foreign recording models training monitoring studies paper".split()
}
SHOWN = {"numpy", "pandas", "plotly", "streamlit", "torch", "xarray"} | LIBRARY
MAY_IMPORT = {
    "rnnviz/lazy.py": set(),
    "rnnviz/shipped.py": set(),
    "rnnviz/__init__.py": LAZY,
    "rnnviz/files.py": set(),
    "rnnviz/told.py": set(),
    "rnnviz/forking.py": set(),
    "rnnviz/netcdf.py": {"h5netcdf", "h5py", "xarray", "rnnviz.files"},
    "rnnviz/trace.py": {"numpy", "xarray", "rnnviz.netcdf"},
    "rnnviz/naming.py": {"numpy", "xarray", "rnnviz.trace"},
    "rnnviz/stats": LAZY | {"numpy", "scipy", "sklearn", "xarray"},
    "rnnviz/figures": LAZY | {"numpy", "plotly", "xarray"},
    "rnnviz/recording": LAZY | {"numpy", "torch", "xarray", "rnnviz.netcdf", "rnnviz.trace", "rnnviz.naming"},
    "rnnviz/foreign": LAZY | {"h5py", "numpy", "torch", "yaml", "rnnviz.netcdf", "rnnviz.told"},
    "rnnviz/models": LAZY
    | {"rnnviz.files", "rnnviz.shipped", "numpy", "safetensors", "torch", "rnnviz.recording"},
    "rnnviz/training": LAZY | {"numpy", "sacrebleu", "sklearn", "torch", "rnnviz.files", "rnnviz.models"},
    "rnnviz/monitoring": LAZY
    | {
        "numpy",
        "scipy",
        "torch",
        "xarray",
        "rnnviz.__version__",
        "rnnviz.files",
        "rnnviz.recording",
        "rnnviz.stats",
    },
    "rnnviz/studies": LAZY
    | {
        "captum",
        "cloudpickle",
        "distributed",
        "numpy",
        "pyarrow",
        "safetensors",
        "scipy",
        "sklearn",
        "threadpoolctl",
        "torch",
        "xarray",
        "rnnviz.__version__",
        "rnnviz.files",
        "rnnviz.netcdf",
        "rnnviz.told",
        "rnnviz.trace",
        "rnnviz.naming",
        "rnnviz.stats",
        "rnnviz.recording",
        "rnnviz.foreign",
    }
    | {"rnnviz.models", "rnnviz.training", "rnnviz.monitoring"},
    "rnnviz/paper": LAZY
    | {"anywidget", "babel", "numpy", "plotly", "traitlets", "xarray", "rnnviz.files", "rnnviz.trace"}
    | {"rnnviz.__version__", "rnnviz.stats", "rnnviz.figures", "rnnviz.models", "rnnviz.studies"},
    "rnnviz/__main__.py": {"rnnviz.cli"},
    "rnnviz/cli": {
        "numpy",
        "packaging",
        "streamlit",
        "torch",
        "tqdm",
        "xarray",
        "rnnviz.files",
        "rnnviz.forking",
        "rnnviz.shipped",
        "rnnviz.ui.offline",  # which writes the pages as files
    }
    | LIBRARY,
    "rnnviz/cli/own_model.py": {
        "torch",
        "rnnviz",
    },  # what readers copy: it stands where their own files stand
    "rnnviz/ui/__init__.py": set(),
    "rnnviz/ui/shell": {
        "rnnviz.shipped",
        "numpy",
        "starlette",
        "streamlit",
        "xarray",
        "rnnviz.figures",
        "rnnviz.forking",
        "rnnviz.models",
        "rnnviz.paper",
        "rnnviz.told",
    },
    "rnnviz/ui/parts": SHOWN | {"rnnviz.ui.shell"},
    "rnnviz/ui/rooms/__init__.py": {"rnnviz.ui.parts", "rnnviz.ui.shell"},
    **{f"rnnviz/ui/rooms/{name}": SHOWN | {"rnnviz.ui.parts", "rnnviz.ui.shell"} for name in ROOMS},
    "rnnviz/ui/offline": {"pandas", "streamlit", "rnnviz.__version__", "rnnviz.files", "rnnviz.shipped"}
    | LIBRARY
    | {"rnnviz.ui.rooms", "rnnviz.ui.parts", "rnnviz.ui.shell"},
    **{page: {f"rnnviz.ui.rooms.{Path(page).stem}"} for page in PAGES},
    "app.py": {"streamlit", "rnnviz.ui.rooms", "rnnviz.ui.parts", "rnnviz.ui.shell"},
}
# where a name of the face is a module, and which one
FACES = {"rnnviz", "rnnviz.ui", *LIBRARY}
TOP = {
    "app.py",
    "pages",
    "rnnviz",
    "checkpoints",
    "tests",
    "requirements.txt",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "pyproject.toml",
    "LICENSE",
    "benchmarks",
    "static",
}


@functools.cache
def imported(file):
    """Every module a file imports, wherever in the file; `from rnnviz import x` counts as rnnviz.x."""
    found = set()
    package = file.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            inner = base in FACES or base.startswith("rnnviz.ui") or node.module is None
            found |= {f"{base}.{alias.name}" for alias in node.names} if inner else {base}
    return found


def inside(module, room):
    return module == room or module.startswith(f"{room}.")


def offenders(files, *rooms):
    return [(f, m) for f in files for m in sorted(imported(f)) if any(inside(m, room) for room in rooms)]


def under(*tops):
    return [f for f in FILES if f in tops or f.startswith(tuple(f"{top}/" for top in tops))]


@functools.cache
def room_of(file):
    """The line of the tower that a file falls under: its own, or that of the folder nearest to it."""
    above = [file, *map(str, Path(file).parents)]
    return next((room for room in above if room in MAY_IMPORT), None)


def test_every_file_has_its_place_in_the_tower():
    assert [file for file in FILES if room_of(file) is None] == []
    assert [room for room in MAY_IMPORT if not under(room)] == []


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_its_line_in_the_tower_allows(room):
    own = room.removesuffix(".py").replace("/", ".")
    allowed = {*MAY_IMPORT[room], own, *sys.stdlib_module_names}
    if own.endswith(".__init__"):
        allowed.remove(own)
    files = [file for file in under(room) if room_of(file) == room]
    wrong = [(f, m) for f in files for m in sorted(imported(f)) if not any(inside(m, a) for a in allowed)]
    assert wrong == []


def test_the_test_sees_imports_inside_functions_and_rooms_beside():
    seen = imported("rnnviz/ui/rooms/cell/__init__.py")
    assert "rnnviz.ui.rooms.cell.setup" in seen  # which stands inside a function
    assert not any(inside("rnnviz.ui.rooms.cell", room) for room in MAY_IMPORT["rnnviz/ui/rooms/gates"])


def test_the_tower_has_no_circle():
    """Of what stands in one line of it: files of one room may know each other, but not in a circle."""
    modules = {f.removesuffix(".py").removesuffix("/__init__").replace("/", "."): f for f in FILES}
    arrows = {}
    for name, file in modules.items():
        asked = imported(file)
        found = (asked | {module.rpartition(".")[0] for module in asked}) & modules.keys() - {name}
        # a package's face names what is inside it, and what is inside passes through it
        inward = {m for m in found if modules[m].endswith("/__init__.py") and name.startswith(f"{m}.")}
        arrows[name] = found - inward
    waiting = dict(arrows)
    while free := [name for name, found in waiting.items() if not found & waiting.keys()]:
        for name in free:
            del waiting[name]
    assert waiting == {}


def test_only_the_ui_the_pages_and_the_door_know_streamlit():
    known = under("rnnviz/ui", "pages", "app.py")
    assert offenders([f for f in FILES if f not in known], "streamlit") == []
    assert offenders(known, "streamlit")  # the test can see one


def test_a_page_is_a_thin_script():
    assert PAGES
    for page in PAGES:
        assert len((ROOT / page).read_text("utf-8").splitlines()) <= 8, page


def in_fresh_python(program):
    called = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert called.returncode == 0, called.stderr
    return called.stdout.split()


def test_importing_rnnviz_is_cheap():
    heavy = ("torch", "streamlit", "xarray", "plotly", "numpy", "scipy", "sklearn")
    assert in_fresh_python(f"import rnnviz, sys; print(*[m for m in {heavy} if m in sys.modules])") == []


def test_what_the_first_answer_waits_for_is_light():
    """All rooms' settings are read before the first answer; what computes comes with the page that needs it."""
    program = """
import sys
import rnnviz.ui.rooms, rnnviz.ui.shell.frame, rnnviz.ui.parts.explored.controls
print(*[m for m in ("torch", "xarray", "scipy", "sklearn", "captum") if m in sys.modules])
"""
    assert in_fresh_python(program) == []


def test_a_trace_is_opened_and_drawn_without_torch_or_streamlit():
    program = """
import sys
import rnnviz
from rnnviz import figures, stats
rnnviz.open_trace, [getattr(figures, n) for n in figures.__all__], [getattr(stats, n) for n in stats.__all__]
print(*[m for m in ("torch", "streamlit") if m in sys.modules])
"""
    assert in_fresh_python(program) == []


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("from rnnviz.recording import Recording", "rnnviz.record"),
        ("import rnnviz.recording", "rnnviz.recording.record"),
        ("from rnnviz.figures import contributions", "rnnviz.figures.lines"),
    ],
)
def test_a_function_of_the_face_stays_a_function_whatever_was_imported_first(first, then):
    assert in_fresh_python(f"import rnnviz\n{first}\nprint(callable({then}))") == ["True"]


def test_the_face_lists_what_it_has():
    import rnnviz

    assert set(rnnviz.__all__) <= set(dir(rnnviz))
    for name in rnnviz.__all__:
        assert getattr(rnnviz, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = rnnviz.nothing


def test_the_top_of_the_repository_holds_only_what_has_a_reason():
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("git is not here")
    if listed.returncode or not listed.stdout:
        pytest.skip("this is not a git repository")
    top = {line.split("/")[0] for line in listed.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} - TOP == set()
