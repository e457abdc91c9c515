"""What would each layer already say comes next?"""

from rnnviz.ui.rooms.lens import page

page.show()
