"""Damages cards, weights, traces and foreign files at random, as tests do, but longer: what comes must be the model or a line.

python benchmarks/damage.py [EXAMPLES]    of each kind; 5,000 take about an hour
"""

import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = sys.argv[1] if len(sys.argv) > 1 else "5000"
FILES = ["tests/models/test_checkpoints.py", "tests/test_trace.py", "tests/foreign/test_hostile.py"]
command = [sys.executable, "-m", "pytest", "-k", "any_value or any_flipped", "--durations=0", *FILES]
# another seed each time: what it finds is kept in .hypothesis and comes first when it is run again
asked = subprocess.run(
    command, cwd=Path(__file__).resolve().parents[1], env=os.environ | {"RNNVIZ_EXAMPLES": EXAMPLES}
)
sys.exit(asked.returncode)
