"""What is this, and what does it look like inside?"""

from rnnviz.ui.parts import explored

SETTINGS = explored.SETTINGS
