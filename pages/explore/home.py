"""What is this, and what does it look like inside?"""

from rnnviz.ui.rooms.home import page

page.show()
