"""How is my training going?"""

from rnnviz.ui.rooms.runs import page

page.show()
