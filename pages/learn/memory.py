"""Who remembers longest? Three networks learn side by side."""

from rnnviz.ui.rooms.memory import page

page.show()
