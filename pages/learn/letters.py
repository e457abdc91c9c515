"""How does a network write? It learns 'hello' letter by letter, then reads what it wrote itself."""

from rnnviz.ui.rooms.letters import page

page.show()
