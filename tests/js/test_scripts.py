"""The scripts: rules, types and units are checked by node's tools; what pages really send has the shape that is declared."""

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rnnviz.paper.contents import packed
from tests.pages.conftest import Visit
from tests.paper.conftest import recorded

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
UI = ROOT / "rnnviz" / "ui"
MODULES = HERE / "node_modules"
# pages that send all that a component can be sent: its folder's name, the page, settings
VISITS = [
    ("board", "states", {}),
    ("board", "gates", {}),
    ("board", "gradients", {}),
    ("board", "vanishing", {}),
    ("board", "bptt", {}),
    ("sheet", "attention_by_hand", {}),
    ("cell", "cell", {"cell_kind": "all"}),
    ("cell", "cell", {"cell_preset": "hello", "cell_step": 3, "cell_product": "xh-1"}),
    ("network", "network", {"network_stage": "unrolled"}),
    ("network", "network", {"network_stage": "unrolled", "network_numbers": "hello", "network_step": 3}),
    ("network", "network", {"network_numbers": "hello", "network_stage": "multilayer"}),
    ("attention", "attention", {}),
    ("generate", "generate", {}),
    ("blank", "blank", {}),
    ("counting", "counting", {}),
    ("counting", "counting", {"counting_part": "smoothing"}),
    ("many", "many", {}),
    ("words", "gates", {}),
    ("sentiment", "sentiment", {}),
    ("sentiment", "sentiment", {"sentiment_view": "two"}),
]


@pytest.fixture(scope="module")
def run() -> Callable[..., None]:
    """Runs a tool of node in a folder; without node or its packages its test is skipped, on CI it fails."""
    node = shutil.which("node")
    if node is None or not MODULES.is_dir():
        reason = (
            "no node on this machine, or none of its packages; install them with: npm ci --prefix tests/js"
        )
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)

    def run(*arguments: str, cwd: Path = ROOT) -> None:
        done = subprocess.run([node, *arguments], cwd=cwd, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def test_scripts_keep_the_rules(run):
    run(
        str(MODULES / "eslint/bin/eslint.js"),
        "--config",
        "tests/js/eslint.config.js",
        "rnnviz/ui",
        "rnnviz/paper",
        "tests/js",
    )


def test_units(run):
    run("--test", cwd=HERE)


def test_types_fit_and_what_pages_send_has_the_declared_shape(run, tmp_path):
    """Every payload is written down as a constant of the declared type: a key too many or too few is an error of types."""
    checked = 0
    for component, page, settings in VISITS:
        declared = next(UI.glob(f"*/{component}/types.js"), None)
        for data in sent(component, page, settings) if declared else ():
            kind = f'import("{declared.as_posix()}").Data & {{ heard: number }}'
            text = f"/** @type {{{kind}}} */\nexport const sent = {json.dumps(data)};\n"
            (tmp_path / f"{component}_{checked}.js").write_text(text, "utf-8")
            checked += 1
    assert checked >= len([v for v in VISITS if v[0] in ("board", "sheet", "blank", "counting", "sentiment")])
    held = json.loads(gzip.decompress(packed(recorded(torch.nn.LSTM(2, 3), tokens="hello")).contents))
    kind = f'import("{(ROOT / "rnnviz" / "paper" / "types.js").as_posix()}").Contents'  # of a page on paper
    text = f"/** @type {{{kind}}} */\nexport const held = {json.dumps(held)};\n"
    (tmp_path / "held.js").write_text(text, "utf-8")
    project = json.loads((HERE / "tsconfig.json").read_text())
    for those in ("include", "exclude"):
        project[those] = [os.path.normpath(HERE / pattern) for pattern in project[those]]
    project["include"].append("*.js")
    (tmp_path / "tsconfig.json").write_text(json.dumps(project))
    (tmp_path / "package.json").write_text('{ "type": "module" }')
    run(str(MODULES / "typescript/bin/tsc"), "--project", str(tmp_path))


def sent(component: str, page: str, settings: dict[str, str]) -> list[dict]:
    """What a page sends to a component, one for each place where it stands."""
    test = Visit(page, **settings).test
    assert not test.exception
    found = [
        json.loads(place.proto.json)
        for place in test.get("bidi_component")
        if place.proto.component_name == f"rnnviz_{component}"
    ]
    assert found, f"{page} sends nothing to {component}"
    return found
