from rnnviz.foreign.arrays import Refused as Refused
from rnnviz.foreign.arrays import WeightsError as WeightsError
from rnnviz.foreign.reading import Left as Left
from rnnviz.foreign.reading import Weights as Weights
from rnnviz.foreign.reading import weights as weights
