"""What can I explain now, and which picture would help me?"""

from rnnviz.ui.shell.settings import Setting

SETTINGS: dict[str, Setting] = {}
