"""How much of the error at one step reaches each earlier step: RNN, GRU and LSTM on one absolute axis."""

from rnnviz.ui.rooms.gradients import page

page.show()
