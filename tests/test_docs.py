"""The examples in the docstrings of the public face and in README say what they do."""

import doctest
import importlib
import re
import tempfile
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent
MODULES = (
    "rnnviz.trace",
    *(
        f"rnnviz.stats.{name}"
        for name in ("attention", "gates", "states", "text", "tracking", "trees", "vanishing")
    ),
    *(
        f"rnnviz.stats.gradients.{name}"
        for name in ("exponents", "fading", "norms", "paths", "products", "weights")
    ),
    *(f"rnnviz.figures.{name}" for name in ("curves", "grids", "norms", "points")),
    *(f"rnnviz.foreign.{name}" for name in ("gates", "reading")),
    "rnnviz.paper.file",
    *(f"rnnviz.models.{name}" for name in ("checkpoints", "decoding")),
    *(f"rnnviz.studies.comparing.{name}" for name in ("measuring", "running", "stability")),
    *(
        f"rnnviz.studies.{name}"
        for name in (
            "attribution",
            "clipping.running",
            "filling",
            "judging",
            "memory.running",
            "one_cell",
            "shared_weight",
            "tiny",
            "unrolled",
            "writing",
        )
    ),
)
README = (ROOT / "README.md").read_text("utf-8")
# a block of Python, and what it prints where a block without a language follows at once
BLOCKS = re.findall(r"```python\n(.*?)```(?:\n\n```\n(.*?)```)?", README, re.DOTALL)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_come_out_as_they_say(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with torch.random.fork_rng(devices=[]):
        found = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted and not found.failed


def test_the_examples_of_record_come_out_as_they_say():
    record = importlib.import_module("rnnviz").record
    runner, globs = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE), {"torch": torch}
    for test in doctest.DocTestFinder(recurse=False).find(record, "record", globs=globs):
        runner.run(test)
    done = runner.summarize(verbose=False)
    assert done.attempted and not done.failed


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_block_of_readme_prints_what_stands_under_it(number, tmp_path, monkeypatch, capsys):
    program, printed = BLOCKS[number]
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng(devices=[]):
        exec(compile(program, f"README.md, block {number}", "exec"), {})
    if printed:
        assert capsys.readouterr().out == printed
