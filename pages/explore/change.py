"""What would the network have expected, had a state or a gate been different?"""

from rnnviz.ui.rooms.change import page

page.show()
