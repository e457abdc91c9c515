"""What does each step add to the gradient of the one weight that all steps share?"""

from rnnviz.ui.rooms.bptt import page

page.show()
