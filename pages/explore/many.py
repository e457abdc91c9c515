"""Where do many texts go?"""

from rnnviz.ui.rooms.many import page

page.show()
