"""What does the network write, and why this character?"""

from rnnviz.ui.rooms.generate import page

page.show()
