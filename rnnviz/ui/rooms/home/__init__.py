"""What is this, and what does it look like inside?"""

SETTINGS = {}
