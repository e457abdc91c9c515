from rnnviz.foreign.arrays import WeightsError as WeightsError
from rnnviz.foreign.reading import Left as Left
from rnnviz.foreign.reading import Weights as Weights
from rnnviz.foreign.reading import weights as weights
