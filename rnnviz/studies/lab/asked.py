"""What is to be learned, from plain values as a page and a worker hand them on."""

from typing import Any

from rnnviz.studies.lab.letters import Letters
from rnnviz.studies.lab.material import Material
from rnnviz.studies.lab.table import Table
from rnnviz.studies.lab.task import Task
from rnnviz.told import Told


def material(asked: dict[str, Any]) -> Material:
    """From {"text": …}, {"series": …, "scale": …} or {"task": …, "steps": …}. Raises ValueError for anything else, and in one
    line for what cannot be learned."""
    if asked.keys() == {"text"}:
        return Letters.of(**asked)
    if asked.keys() == {"series", "scale"}:
        return Table.of(**asked)
    if asked.keys() == {"task", "steps"}:
        return Task(**asked)
    raise Told("nothing is learned from {names}", names=", ".join(sorted(asked)) or "nothing")
