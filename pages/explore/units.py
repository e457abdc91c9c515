"""What is each unit for?"""

from rnnviz.ui.rooms.units import page

page.show()
