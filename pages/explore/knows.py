"""What does it still know?"""

from rnnviz.ui.rooms.knows import page

page.show()
