"""record(model): watches the recurrent modules of a model while it runs in a block, and yields a trace.

nn.RNN, nn.LSTM and nn.GRU all end in one call of a native kernel, which returns the states of the last layer only. While a
recording is active, a function mode sees that call (`watch`) and runs the same kernel one layer and direction at a time, with
the dropout between layers that the kernel would have drawn (`forward`). So every layer's states are the kernel's own; the
gates, which no kernel returns, follow from them in one matrix product for all steps (`gates`), and so do the gradients that
a backward brings (`backward`, `backpropagation`). The cells (nn.RNNCell, nn.LSTMCell, nn.GRUCell) are steps of a loop of
the caller's and are seen one by one. What was seen becomes a trace in the end (`to_trace`).
"""

import html
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import torch
import xarray as xr
from torch import nn

from rnnviz.naming import Names, Tokens, Words, put
from rnnviz.recording.edits import Edit
from rnnviz.recording.glance import table, text
from rnnviz.recording.observed import Observed
from rnnviz.recording.outputs import Outputs
from rnnviz.recording.refusals import refuse_model
from rnnviz.recording.to_file import Ongoing
from rnnviz.recording.to_trace import beside, recorded
from rnnviz.recording.torch_private import is_compiled, run_eagerly
from rnnviz.recording.wanted import Wanted
from rnnviz.recording.watch import Watch, watching
from rnnviz.trace import rooted


class Recording:
    """What `record` yields. `trace` is complete once the block has ended."""

    def __init__(
        self, observed: Observed, words: Words, outputs: Outputs | None = None, file: "Ongoing | None" = None
    ):
        self._observed: Observed | None = observed
        self._words = words
        self._outputs = outputs
        self._file = file
        self._ended = False
        self._trace: xr.DataTree | None = None

    @property
    def trace(self) -> xr.DataTree:
        """The trace: one node for each recurrent module that was called.

        Raises RuntimeError before the block has ended, if no recurrent module was called in it, or if the
        calls of the only module cannot lie in one trace.
        Warns with RuntimeWarning of what is left out: a module among several that cannot be put together, and tokens, names and
        labels that do not fit, which can be given afterwards (`rnnviz.named`); and where the gates rebuild the states worse
        than rounding explains.
        """
        if not self._ended:
            raise RuntimeError(
                "the trace is complete once the `with record(...)` block has ended; read it after the block"
            )
        if self._trace is None and self._file is not None:
            self._trace = self._file.opened()
        if self._trace is None and self._observed is not None:
            nodes = recorded(self._observed)
            if not nodes:
                raise RuntimeError(self._observed.nothing_seen)
            nodes |= self._outputs.nodes(nodes) if self._outputs else {}
            found = rooted(nodes, {"torch_version": str(torch.__version__)})
            self._trace, problems = put(found, self._words)
            beside(problems)
            self._observed = None  # the trace has it all; a recording that is kept need not keep the model
        assert self._trace is not None
        return self._trace

    def __repr__(self) -> str:
        found = self._found()
        return f"rnnviz recording: {found}" if isinstance(found, str) else f"rnnviz recording\n{text(found)}"

    def _repr_html_(self) -> str:
        """What a notebook shows: a row for each recorded module."""
        found = self._found()
        return f"<p>rnnviz recording: {html.escape(found)}</p>" if isinstance(found, str) else table(found)

    def _found(self) -> xr.DataTree | str:
        """The trace, or why there is none."""
        if not self._ended:
            return "its block has not ended"
        try:
            return self.trace
        except (RuntimeError, ValueError) as problem:
            return str(problem)


@contextmanager
def record(
    model: nn.Module,
    tokens: Tokens = None,
    edit: Edit | Sequence[Edit] = (),
    *,
    names: Names = None,
    labels: Names = None,
    keep: Iterable[str] | None = None,
    layers: Iterable[int] | None = None,
    outputs: bool | Sequence[str] = False,
    file: str | os.PathLike[str] | None = None,
) -> Iterator[Recording]:
    """Records every call of the model's nn.RNN, nn.LSTM, nn.GRU and of their cells in the block.

        >>> import rnnviz, torch
        >>> model, x = torch.nn.LSTM(3, 4), torch.zeros(5, 1, 3)
        >>> with rnnviz.record(model, tokens="hello") as recording:
        ...     output, _ = model(x)
        ...     output.sum().backward()  # leave it out: states and gates, no gradients
        >>> dict(recording.trace["lstm"]["forget_gate"].sizes)
        {'layer': 1, 'direction': 1, 'batch': 1, 'time': 5, 'unit': 4}
        >>> "hidden_grad" in recording.trace["lstm"]
        True

    Attention is recorded too: nn.MultiheadAttention, and whatever module calls `rnnviz.attention.attend`. Calls of a module
    follow each other on `time`; those with another batch size begin a new node, `encoder_2`, and so does each packed call; the
    attribute `calls` of such parts says which calls they hold.

    tokens: one string for each time step, or a list of them for each sequence of the batch, kept as the coordinate `token`;
    names, labels: a string for each sequence (`sequence`, `label`). For modules that read unlike texts a mapping from their
    names, of an attention to a pair (of queries, of keys), which may be filled while the block runs. See `rnnviz.named`.
    Gradients: every backward in the block, of any loss, adds to `hidden_grad`, `hidden_grad_direct` and `cell_grad`, as it
    adds to the `.grad` of a parameter; so several backward calls give the gradient of the sum of their losses. The direct
    part of dL/dh_t is all but what comes back from the next step of the same module, also where that is in its next call;
    NaN where a state was changed on its way there. What a backward was told not to reach is NaN, too.
    keep: the fields that are wanted, by their names in the trace, beside hidden states, initial states and weights, which are
    always there; layers: the layers, counted from 0 or from -1 down, under their numbers in the trace. What is not wanted takes
    no memory, of a call without gradients also while the block runs. Without gates and cells there is no `replay_error`.
    outputs: whether what the model returns is kept as well: `trace["outputs"]["value"]`, (batch, time, output), where it returned
    (time, batch, output) or batch first, or these flattened; one row for each sequence stands at its last step, NaN before. Or
    what its outputs are called, as classes or a vocabulary, kept as `output_name`: then pages show shares beside what came.
    file: where the trace is written as it comes, in pieces of a few calls, which are then held no longer, so that it may be
    larger than memory; it is there once the block has ended, also where that raised, and `trace` reads it where it is
    looked at. Without gradients and edits; attention alone is held until the end.
    edit: states and gates to change while the model runs, with or without gradients; see `Edit`. Not derived under autocast.
    Without edits it changes nothing: outputs, gradients, random numbers and the modules are what they would have been.
    Under torch.autocast the kernels run in its type, and the trace holds what they read and gave; a loss that a GradScaler has
    multiplied brings gradients that are multiplied as much. Gradients of gradients are refused there.
    What torch.compile has compiled runs eagerly in the block, which a RuntimeWarning says; names are those inside its wrapper.
    Raises NotImplementedError for scripted modules and the copies of DataParallel, and at the call for numbers that are no
    floats, under torch.func and vmap, saved-tensor hooks as torch.utils.checkpoint sets them, and for dropout between layers in
    training off the CPU; TypeError if model is not a module or a token is no string;
    ValueError for an edit of what is not there.
    """
    refuse_model(model)
    words = Words.of(tokens, names, labels, None if isinstance(outputs, bool) else outputs)
    observed = Observed(model, [edit] if isinstance(edit, Edit) else edit, Wanted.of(keep, layers))
    compiled = [module for module in model.modules() if is_compiled(module)]
    if compiled:
        warnings.warn(
            "record runs a compiled module eagerly, as it was before torch.compile: its numbers may differ by rounding",
            RuntimeWarning,
            stacklevel=3,
        )
    returned = Outputs(model, observed) if not isinstance(outputs, bool) or outputs else None
    ongoing = None
    if file is not None:
        if edit:
            raise ValueError("edits cannot be recorded into a file: leave out edit or file")
        ongoing = Ongoing(file, observed, words)
        ongoing.outputs, observed.told = returned, ongoing.came
    recording = Recording(observed, words, returned, ongoing)
    active = watching()
    try:
        with run_eagerly() if compiled else nullcontext(), Watch():
            active.append(observed)
            try:
                yield recording
            finally:
                active.remove(observed)
    finally:
        if returned:
            returned.stop()
        if ongoing:
            ongoing.end()
        observed.end()
        recording._ended = True
