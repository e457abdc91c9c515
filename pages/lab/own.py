"""What did my own network do?"""

from rnnviz.ui.rooms.own import page

page.show()
