"""What every test stands on: one thread, nothing sought or compiled in vain, and one limit to how long it waits."""

import contextlib
import os
import resource
import time
from collections.abc import Callable, Iterator

import hypothesis
import torch
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import app_test, local_script_runner

# Seconds until something that must come is given up: a busy machine is slow, not wrong.
PATIENCE = 120

# two tests' small networks on busy cores wait for each other longer than they compute
torch.set_num_threads(1)
# Streamlit reads the metadata of all installed packages whenever an app is first run, in search of components; no package has one
manifest_scanner.scan_component_manifests = lambda *args, **kwargs: []
# AppTest compiles every script anew for every run; a server, and here all of them together, does it once
SCRIPTS = ScriptCache()
app_test.ScriptCache = local_script_runner.ScriptCache = lambda: SCRIPTS


def until(condition: Callable[[], object]) -> None:
    """Waits for what must come."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"it did not come within {PATIENCE} seconds")
        time.sleep(0.01)


@contextlib.contextmanager
def full_disk(room: int = 0) -> Iterator[None]:
    """While it lasts no file grows beyond so many bytes: writing fails as it does where the disk is full."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


# of tests that damage files: always the same examples, unless benchmarks/damage.py asks for more
EXAMPLES = int(os.environ.get("RNNVIZ_EXAMPLES", "100"))
DAMAGED = hypothesis.settings(
    max_examples=EXAMPLES, deadline=None, derandomize="RNNVIZ_EXAMPLES" not in os.environ
)

hypothesis.settings.register_profile("ours", deadline=None)  # a busy machine is slow, not wrong
hypothesis.settings.load_profile("ours")
