"""Why do gradients vanish or explode, and what helps? Five short parts, one picture each."""

from rnnviz.ui.rooms.vanishing import page

page.show()
