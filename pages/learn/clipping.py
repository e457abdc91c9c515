"""What does clipping save? The same training without clipping and with it."""

from rnnviz.ui.rooms.clipping import page

page.show()
