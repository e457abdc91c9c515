"""Data flows one way: no room imports from a room above it, and importing rnnviz is cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(
    p.relative_to(ROOT).as_posix() for top in ("rnnviz", "pages") for p in (ROOT / top).rglob("*.py")
)
FILES.append("app.py")

# The tower, from the ground up: what the files of each room may import beside the standard library and their own room. A room
# inside rnnviz goes by its full name; whoever may import a room may import all that is in it.
LAZY = {"rnnviz.lazy"}
MAY_IMPORT = {
    "rnnviz/lazy.py": set(),
    "rnnviz/shipped.py": set(),
    "rnnviz/__init__.py": LAZY,
    "rnnviz/trace.py": {"numpy", "xarray"},
    "rnnviz/stats": LAZY | {"numpy", "scipy", "sklearn", "xarray"},
    "rnnviz/figures": LAZY | {"numpy", "plotly", "xarray"},
    "rnnviz/recording": LAZY | {"numpy", "torch", "xarray", "rnnviz.trace"},
    "rnnviz/models": LAZY | {"numpy", "safetensors", "torch", "rnnviz.shipped", "rnnviz.recording"},
    "rnnviz/training": LAZY | {"numpy", "sacrebleu", "sklearn", "torch", "rnnviz.models"},
    "rnnviz/studies": LAZY
    | {
        "captum",
        "numpy",
        "threadpoolctl",
        "torch",
        "xarray",
        "rnnviz.trace",
        "rnnviz.stats",
        "rnnviz.recording",
    }
    | {"rnnviz.models", "rnnviz.training"},
}
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
            inner = base in ("rnnviz", "rnnviz.ui") or node.module is None
            found |= {f"{base}.{alias.name}" for alias in node.names} if inner else {base}
    return found


def inside(module, room):
    return module == room or module.startswith(f"{room}.")


def offenders(files, *rooms):
    return [(f, m) for f in files for m in sorted(imported(f)) if any(inside(m, room) for room in rooms)]


def under(*tops):
    return [f for f in FILES if f in tops or f.startswith(tuple(f"{top}/" for top in tops))]


def test_only_the_ui_the_pages_and_the_door_know_streamlit():
    known = under("rnnviz/ui", "pages", "app.py")
    assert offenders([f for f in FILES if f not in known], "streamlit", "rnnviz.ui") == []
    assert offenders(known, "streamlit")  # the test can see one


def test_statistics_and_figures_know_neither_torch_nor_each_other():
    assert offenders(under("rnnviz/stats", "rnnviz/figures"), "torch", "streamlit") == []
    assert offenders(under("rnnviz/stats"), "rnnviz.figures", "plotly") == []
    assert offenders(under("rnnviz/figures"), "rnnviz.stats") == []


def test_nothing_in_rnnviz_imports_a_page_or_the_door():
    assert offenders(under("rnnviz"), "pages", "app") == []


def test_pages_have_no_maths_no_plotly_and_no_torch():
    assert under("pages")
    assert offenders(under("pages"), "torch", "plotly", "numpy", "scipy", "sklearn", "xarray") == []


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_its_line_in_the_design_allows(room):
    files = under(room)
    own = room.removesuffix(".py").replace("/", ".")
    allowed = {*MAY_IMPORT[room], own, *sys.stdlib_module_names}
    assert files
    wrong = [(f, m) for f in files for m in sorted(imported(f)) if not any(inside(m, a) for a in allowed)]
    assert wrong == []


def in_fresh_python(program):
    called = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert called.returncode == 0, called.stderr
    return called.stdout.split()


def test_importing_rnnviz_is_cheap():
    heavy = ("torch", "streamlit", "xarray", "plotly", "numpy", "scipy", "sklearn")
    assert in_fresh_python(f"import rnnviz, sys; print(*[m for m in {heavy} if m in sys.modules])") == []


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
        ("from rnnviz.recording.block import Recording", "rnnviz.record"),
        ("from rnnviz.figures import contributions", "rnnviz.figures.lines"),
    ],
)
def test_a_function_of_the_face_stays_a_function_whatever_was_imported_first(first, then):
    assert in_fresh_python(f"import rnnviz\n{first}\nprint(callable({then}))") == ["True"]


def test_the_face_lists_what_it_has():
    import rnnviz

    assert set(rnnviz.__all__) <= set(dir(rnnviz))
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
