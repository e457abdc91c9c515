"""From one unit to a recurrent network unrolled in time, as one picture."""

from rnnviz.ui.rooms.network import page

page.show()
