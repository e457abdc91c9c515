from rnnviz.paper.file import page as page
from rnnviz.paper.notebook import board as board
