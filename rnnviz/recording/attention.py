"""The arithmetic of attention: scores, softmax, weighted sum; and what a recording keeps of a call of it."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import multi_head_attention_forward
from torch.overrides import handle_torch_function, has_torch_function

KINDS = ("dot", "general", "additive")


class Attention(nn.Module):
    """How well each state fits each place of a memory, and the mean of the memory by these weights.

    kind: 'dot' (s·h), 'general' (s·W h) or 'additive' (v·tanh(W s + U h)). units: width of states and memory.
    Source: Luong, Pham & Manning 2015, arXiv:1508.04025, section 3.1; additive: Bahdanau, Cho & Bengio 2015,
    arXiv:1409.0473, appendix A.1.2. Raises ValueError for another kind.
    """

    def __init__(self, kind: str, units: int):
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"attention must be one of {', '.join(KINDS)}; got {kind!r}")
        self.kind = kind
        if kind != "dot":
            self.of_memory = nn.Linear(units, units, bias=False)
        if kind == "additive":
            self.of_state = nn.Linear(units, units, bias=False)
            self.sum = nn.Linear(units, 1, bias=False)

    def scores(self, states: Tensor, memory: Tensor) -> Tensor:
        """states: (batch, query, unit), memory: (batch, key, unit). Returns (batch, query, key)."""
        if self.kind == "additive":
            joined = self.of_state(states)[:, :, None] + self.of_memory(memory)[:, None]
            return cast(Tensor, self.sum(joined.tanh())).squeeze(-1)
        keys = memory if self.kind == "dot" else self.of_memory(memory)
        return states @ keys.transpose(1, 2)

    def forward(
        self, states: Tensor, memory: Tensor, valid: Tensor | None = None, given: Tensor | None = None
    ) -> Tensor:
        """The context of each state: (batch, query, unit). valid, given: see `attend`."""
        return attend(self.scores(states, memory), memory, valid, given)[0]


def attend(
    scores: Tensor, values: Tensor, valid: Tensor | None = None, given: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Weights from scores, and the weighted sum of the values.

    scores: (batch, query, key). values: (batch, key, unit). valid: (batch, key), True where there is a token: padding gets no
    weight. given: (batch, query, key), weights that stand in place of the softmax; a row of NaN is left as it is computed.
    Returns the context (batch, query, unit) and the weights (batch, query, key), whose rows sum to 1. Called by a module of a
    model that is recorded, it leaves a node in the trace.
    """
    tensors = (scores, values)
    if has_torch_function(tensors):
        return handle_torch_function(attend, tensors, scores, values, valid, given)
    if valid is not None:
        scores = scores.masked_fill(~valid[:, None], -torch.inf)
    weights = scores.softmax(-1)
    if given is not None:
        weights = torch.where(given.isnan(), weights, given)
    return weights @ values, weights


@dataclass(frozen=True)
class Look:
    """One call of attention, as a recording keeps it.

    weight: (batch, head, query, key). score: the same, before the softmax, where it is known. context: (batch, query, unit),
    where it is known. valid: (batch, key), None where nothing is padding.
    """

    weight: Tensor
    score: Tensor | None = None
    context: Tensor | None = None
    valid: Tensor | None = None


def look_at_attend(
    result: tuple[Tensor, Tensor],
    scores: Tensor,
    values: Tensor,
    valid: Tensor | None = None,
    given: Tensor | None = None,
) -> Look:
    """What `attend` did with these arguments, given its result."""
    context, weights = result
    weights, scores, context = (t.detach().clone() for t in (weights, scores, context))
    return Look(weights[:, None], scores[:, None], context, valid)


_MULTIHEAD = inspect.signature(multi_head_attention_forward)


def look_at_multihead(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Look:
    """The weights of each head of a call of torch's nn.MultiheadAttention, before their dropout.

    They are computed beside the call, which is left alone: it may have run a kernel that hands out none.
    """
    called = _MULTIHEAD.bind(*args, **kwargs).arguments
    single = called["query"].ndim == 2  # (query, unit), a batch of none
    beside = called | {"need_weights": True, "average_attn_weights": False, "dropout_p": 0.0}
    if beside.get("is_causal") and beside.get("attn_mask") is None:
        beside["is_causal"] = False  # a hint that needs its mask
    with torch.no_grad():
        weight = cast(Tensor, multi_head_attention_forward(**beside)[1])
    masked = called.get("key_padding_mask")
    valid = None
    if masked is not None:
        valid = ~masked if masked.dtype == torch.bool else masked != -torch.inf
        added = weight.shape[-1] - valid.shape[-1]  # a bias or a zero that is attended to as well
        valid = nn.functional.pad(valid, (0, added), value=True)
    return Look(
        weight[None] if single else weight, valid=valid[None] if single and valid is not None else valid
    )
