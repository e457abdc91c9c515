"""What can counting not do, that a network can? A sentence's probability from counts, and from networks, in five parts."""

from rnnviz.ui.rooms.counting import page

page.show()
