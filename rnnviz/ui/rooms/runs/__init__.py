"""How is my training going?"""

from rnnviz.ui.shell.settings import Setting, index, number, one_of

MOST = 4  # runs beside each other
LONGEST = 300  # characters of what a link says


def _names(_name: str, value: str) -> list[str]:
    return [name for name in value[:LONGEST].split(",") if name][:MOST]


SETTINGS = {
    "runs_shown": Setting(None, _names),  # None: those that were written last
    "runs_module": Setting(None, lambda _name, value: value[:LONGEST]),
    "runs_layer": index(0),
    "runs_direction": one_of("forward", ("forward", "backward")),
    "runs_update": number(None, 0, 10**9, int),  # None: the last
}
