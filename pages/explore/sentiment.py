"""Where does the network change its mind about a review?"""

from rnnviz.ui.rooms.sentiment import page

page.show()
