"""What README and CONTRIBUTING say of the repository is so."""

import re
import shlex
from pathlib import Path

import pytest

from rnnviz import cli
from rnnviz.models import checkpoints

ROOT = Path(__file__).resolve().parent.parent
README, CONTRIBUTING = ((ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md"))


def rows(text):
    """The rows of all tables, as lists of what their cells hold; each must be drawn as a table."""
    found = []
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        head, line, *body = (re.split(r" ?\| ?", row)[1:-1] for row in table.splitlines())
        assert all(set(cell) == {"-"} for cell in line), f"no table: {table}"
        assert {len(row) for row in body} == {len(head)}
        found += body
    return found


def test_the_tables_of_models_are_what_the_cards_say():
    shown = {row[0].strip("`"): row[2:] for row in rows(README) if row[0].strip("`") in checkpoints.names()}
    assert set(shown) == set(checkpoints.names())
    for name, (parameters, *scores) in shown.items():
        card = checkpoints.card(name)
        assert parameters == f"{card['parameters']:,}"
        for part, score in zip(("validation", "test"), scores, strict=True):
            assert score == f"{card['scores'][part]:.{len(score.partition('.')[2])}f}", f"{name}, {part}"


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_each_command_of_rnnviz_can_be_typed(text):
    lines = re.findall(
        r"(?:`|^    )(?:python -m )?rnnviz ((?:app|models|train|compare)\b[^`\n]*)", text, re.M
    )
    assert lines
    for line in lines:
        assert "run" in cli.parser().parse_args(shlex.split(line))


def test_the_two_commands_are_a_line_each():
    start, tests = re.findall(r"```sh\n(.*)\n```", README)
    assert start.endswith("streamlit run app.py") and "-r requirements.txt" in start
    assert "-r tests/requirements.txt" in tests and "pytest" in tests.rpartition(" && ")[2]
