"""The wheel, installed where there is no checkout: it loads a model, and its app shows the first page."""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from tests.browser.conftest import DRAWING, Reader

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "RNNVIZ"))}


def run(*command, cwd):
    done = subprocess.run(command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = ("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    run(sys.executable, "-m", "pip", *build, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The commands of a fresh environment that has the wheel, and beside it what runs these tests: nothing is downloaded. pip
    sees to it that all which the wheel asks for is there, in the versions of the lock."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    commands = folder / ("Scripts" if os.name == "nt" else "bin")
    packages = run(
        commands / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder
    )
    lent = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (Path(packages.strip()) / "lent.pth").write_text("\n".join(lent))
    install = ("install", "--no-index", "--constraint", ROOT / "requirements.txt")
    wanted = f"rnnviz[app,train] @ {wheel.as_uri()}"
    run(sys.executable, "-m", "pip", "--python", commands / "python", *install, wanted, cwd=folder)
    return commands


def test_the_wheel_holds_all_that_runs_and_nothing_else(wheel):
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    if listed.returncode or not listed.stdout:
        pytest.skip("this is not a git repository")
    laid = ("app.py", "pages/", "static/", "checkpoints/", ".streamlit/")
    tracked = listed.stdout.splitlines()
    there = [file for file in tracked if file.startswith("rnnviz/") and (ROOT / file).exists()]
    there += [
        f"rnnviz/app/{file}" for file in tracked if file.startswith(laid) and file != "static/screenshot.png"
    ]
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert set(there) - held == set()
    assert {name for name in held if name.endswith((".pyc", ".training.pt", ".part", ".lock"))} == set()
    assert "rnnviz/py.typed" in held


def test_the_installed_library_finds_the_shipped_models(installed, tmp_path):
    program = "import rnnviz; model, card = rnnviz.load('shakespeare-gru'); print(rnnviz.__file__, card['parameters'])"
    file, parameters = run(installed / "python", "-c", program, cwd=tmp_path).split()
    assert Path(file).is_relative_to(installed.parent) and parameters == "872754"
    lines = run(installed / "rnnviz", "models", cwd=tmp_path).splitlines()
    assert len(lines) == len(list((ROOT / "checkpoints").glob("*.json")))
    assert run(installed / "python", "-m", "rnnviz", "models", cwd=tmp_path).splitlines() == lines


def test_the_installed_app_shows_its_first_page(installed, chromium, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [installed / "rnnviz", "app", "--no-browser", "--port", str(port)]
    app = subprocess.Popen(
        command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        address = f"http://localhost:{port}"
        assert app.stdout.readline() == f"rnnviz: {address} (Ctrl+C ends it)\n"
        tab = chromium.new_context(color_scheme="light", locale="en-US").new_page()
        seen = Reader(tab, address).open("/")  # waits until the board has drawn what a shipped model computed
        assert tab.title() == "rnnviz"
        colour = "drawing => getComputedStyle(drawing).getPropertyValue('--st-primary-color')"
        assert tab.locator(DRAWING).evaluate(colour) == "#00507d"  # of the app's .streamlit/config.toml
        assert seen.wrong == []
        tab.context.close()
        app.send_signal(signal.SIGINT)
        assert app.communicate(timeout=60) == ("", "") and app.returncode == 0
    finally:
        app.kill()
        app.wait()
