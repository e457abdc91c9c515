"""Where does the translator look while it writes?"""

from rnnviz.ui.rooms.attention import page

page.show()
