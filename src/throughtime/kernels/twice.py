"""The way back of a compiled sweep from the reference's equations: slow, but it can itself be differentiated."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from throughtime.kernels import reference
from throughtime.kernels.calls import WEIGHTS, Choice, Given
from throughtime.kernels.lengths import Lengths
from throughtime.kernels.memory import obstacle
from throughtime.kernels.naming import cell_of
from throughtime.kernels.notice import tell_once
from throughtime.kernels.request import Noise, Request

GRAPH = "second derivatives (create_graph=True) come from the reference's equations"


def reason(incoming: Sequence[Tensor | None]) -> str | None:
    """Return why a backward must not be the compiled one; None if it may be.

    Args:
        incoming: the gradients that come in.
    """
    # inside a backward, gradients being enabled means that a graph of it is wanted
    return GRAPH if torch.is_grad_enabled() else obstacle([d for d in incoming if d is not None])


def differentiate(why: str, given: Given, choice: Choice, incoming: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Compute the gradients of a sweep, as part of the graph if gradients are enabled.

    The sweep is computed once more, in float32 also where its products were of bfloat16.

    Args:
        why: this way is taken, as `reason` says it.
        given: to the sweep.
        choice: the sweep's.
        incoming: gradients of output, hidden and cell state; None for none.

    Returns:
        Gradients of x, of the weights in the order of `WEIGHTS`, of h0 and c0; None where none is asked for.

    Warns:
        KernelFallbackWarning: once for each reason.
    """
    tell_once(why, f"a layer goes back through time in the slow reference loop: {why} (said once)")
    leaves = (given.x, *given.weights, given.h0, given.c0)
    with torch.enable_grad(), torch.autocast("cpu", enabled=False):
        # aliases: what one of the leaves was computed from another must not be differentiated here too
        aliases = [None if leaf is None else leaf.view_as(leaf) for leaf in leaves]
        x, *weights, h0, c0 = aliases
        assert x is not None
        assert h0 is not None
        results = _swept(Given(x, weights, h0, c0, *given[4:]), choice)
    steps = results[0].shape[0]
    arrived = (None if incoming[0] is None else incoming[0][:steps], *incoming[1:])
    pairs = [(result, d) for result, d in zip(results, arrived, strict=False) if d is not None]
    if not pairs:
        return [None] * len(leaves)
    asked = [alias for alias in aliases if alias is not None and alias.requires_grad]
    outputs, grads = zip(*pairs, strict=True)
    graph = torch.is_grad_enabled()
    gradients = iter(torch.autograd.grad(outputs, asked, grads, create_graph=graph, allow_unused=True))
    return [next(gradients) if alias is not None and alias.requires_grad else None for alias in aliases]


def _swept(given: Given, choice: Choice) -> tuple[Tensor, ...]:
    """Output (N, S) without what stands behind the last real step, and final states (B, S), by the reference."""
    _, kernel, variant, backward, *shares = choice
    weights = {name: weight for name, weight in zip(WEIGHTS, given.weights, strict=True) if weight is not None}
    T, B = len(given.sizes), given.h0.shape[0]
    going = torch.arange(B, device=given.sizes.device) < given.sizes.unsqueeze(1)
    places = going.flatten().nonzero().squeeze(1)
    zones = [None if zone is None else _padded(zone, places, T, B) for zone in given.zones]
    initial = (given.h0,) if given.c0 is None else (given.h0, given.c0)
    held = tuple(share or None if zone is None else zone for zone, share in zip(zones, shares, strict=True))
    request = Request(
        cell=cell_of(kernel, variant, weights),
        input=_padded(given.x, places, T, B),
        lengths=None if bool(going.all()) else Lengths(going.sum(dim=0), T),
        initial=tuple(state.unsqueeze(0) for state in initial),
        weights=(weights,),
        noise=(Noise(given.mask, held[: len(initial)]),),
        only_backward=backward,
    )
    result = reference.run(request)
    return (result.output.flatten(0, 1).index_select(0, places), *(state.squeeze(0) for state in result.final))


def _padded(packed: Tensor, places: Tensor, T: int, B: int) -> Tensor:
    """(T, B, ...) of packed steps (N, ...), of which those behind the last real one are left out."""
    padded = packed.new_zeros(T * B, *packed.shape[1:]).index_copy(0, places, packed[: len(places)])
    return padded.view(T, B, *packed.shape[1:])
