"""How do I teach with these pages?"""

from rnnviz.ui.rooms.teach import page

page.show()
