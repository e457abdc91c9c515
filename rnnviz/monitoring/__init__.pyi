from rnnviz.monitoring import arrays as arrays
from rnnviz.monitoring import monitor as monitor
from rnnviz.monitoring import runs as runs
from rnnviz.monitoring.arrays import layers as layers
from rnnviz.monitoring.arrays import numbers as numbers
from rnnviz.monitoring.monitor import Monitor as Monitor
from rnnviz.monitoring.runs import Run as Run
from rnnviz.monitoring.runs import found as found
