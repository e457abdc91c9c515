"""Does the order of words matter? A recurrent network learns that it does; a bag of words cannot."""

from rnnviz.ui.rooms.order import page

page.show()
