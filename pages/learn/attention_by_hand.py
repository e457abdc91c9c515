"""How does attention choose where to look? One step of it, worked by hand."""

from rnnviz.ui.rooms.attention_by_hand import page

page.show()
