"""What did my own network do?"""

from rnnviz.ui.parts import explored

SETTINGS = {
    name: explored.SETTINGS[name] for name in ("subject", "module", "sequence", "direction", "layer", "unit")
}
