"""What does a network learn from my own text, and when?"""

from rnnviz.ui.rooms.train import page

page.show()
