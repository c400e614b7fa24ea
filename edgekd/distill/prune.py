"""Structured pruning: a network with fewer channels, for a microcontroller that gains nothing from single zeros.

What hangs together (a layer, its normalisation, whoever reads its channels, both sides of an addition) is traced by
torch-pruning (Fang et al. 2023, arXiv:2301.12900).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from edgekd.distill.inference import evaluating
from edgekd.errors import InputError, ToolError

CRITERIA = ("l1", "batch-norm")
_LAYERS = (nn.Conv1d, nn.Conv2d, nn.Linear)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def prune(student: nn.Module, samples: Any, *, share: float = 0.25, criterion: str = "l1") -> nn.Module:
    """A copy of a trained student with `share` (above 0, below 1) of the channels of each layer left out.

    Its outputs stay. What it lost is won back by training it further, best with a teacher: edgekd.distill.
    samples: (n, channels, …) as the network takes them; one is enough. criterion: which channels matter least: those
    whose weights have the smallest sum of absolute values ("l1", Li et al. 2017, arXiv:1608.08710), or the smallest
    scale of their batch normalisation ("batch-norm", Liu et al. 2017, arXiv:1708.06519); of layers that belong
    together, on average. Every layer keeps the same share, so that students of different weights keep the same shape.
    Raises InputError for a network that cannot be pruned, ToolError when torch-pruning is not installed.

        small = edgekd.prune(student, x_train[:1], share=0.25)
        result = edgekd.distill(teacher, small, (x_train, y_train), (x_val, y_val))
    """
    if isinstance(share, bool) or not (isinstance(share, int | float) and 0.0 < share < 1.0):
        raise InputError(f"share is {share!r}", "above 0 and below 1: of the channels that are left out")
    if criterion not in CRITERIA:
        raise InputError(f"criterion is {criterion!r}", "one of " + ", ".join(CRITERIA))
    if not isinstance(student, nn.Module):
        raise InputError(f"the student is a {type(student).__name__}, not a torch.nn.Module")
    try:
        sample = torch.as_tensor(samples)[:1]
    except (TypeError, ValueError, RuntimeError, IndexError) as error:
        raise InputError(f"the samples are no array: {str(error).splitlines()[0]}", "for example x_train[:1]") from None
    pruned = copy.deepcopy(student)
    with evaluating(pruned):
        before = _run(pruned, sample, "the student does not take the samples")
        _without_channels(pruned, sample, share, criterion)
        after = _run(pruned, sample, "what pruning leaves of the student does not compute")
    if before.shape != after.shape:
        raise InputError(
            f"pruning would change the outputs from {list(before.shape)} to {list(after.shape)}",
            "the network must end in a convolution or fully connected layer",
        )
    if _shapes(pruned) == _shapes(student):
        needs = "layers with batch normalisation" if criterion == "batch-norm" else "layers of more channels"
        raise InputError(f"nothing can be pruned with share {share:g} and criterion {criterion!r}", f"it needs {needs}")
    return pruned


def resize(network: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Give layers the sizes that the weights of a pruned network have, so that `state` can be loaded.

    state: as of state_dict. Only numbers of channels may differ. Raises InputError when that is not enough.
    """
    for name, module in network.named_modules():
        weight = state.get(f"{name}.weight")
        if weight is None or not isinstance(module, (*_LAYERS, *_NORMS)):
            continue
        if weight.ndim != (1 if isinstance(module, _NORMS) else module.weight.ndim) or 0 in weight.shape:
            raise InputError(f"{name}: its weights have shape {list(weight.shape)}, which no pruning leads to")
        if isinstance(module, _NORMS):
            module.num_features = len(weight)
        elif isinstance(module, nn.Linear):
            module.out_features, module.in_features = weight.shape
        else:
            if module.groups == module.in_channels > 1:
                module.groups = len(weight)
            module.out_channels, module.in_channels = len(weight), weight.shape[1] * module.groups
        for key, value in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]:
            if value.ndim == 0:
                continue
            wanted = state.get(f"{name}.{key}")
            if wanted is None:
                raise InputError(f"{name}.{key} is missing from the weights")
            resized = torch.empty(wanted.shape, dtype=value.dtype)
            setattr(module, key, nn.Parameter(resized) if isinstance(value, nn.Parameter) else resized)


def _without_channels(network: nn.Module, sample: Tensor, share: float, criterion: str) -> None:
    try:
        import torch_pruning
    except ImportError:
        raise ToolError("pruning needs torch-pruning, which is not installed", "pip install 'edgekd[train]'") from None
    if criterion == "l1":
        importance = torch_pruning.importance.GroupMagnitudeImportance(p=1)
    else:
        importance = torch_pruning.importance.BNScaleImportance()
    try:
        torch_pruning.pruner.BasePruner(
            network, sample, importance=importance, pruning_ratio=share, ignored_layers=[_last_layer(network, sample)]
        ).step()
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"the channels of the network cannot be traced: {(str(error).splitlines() or [type(error).__name__])[0]}",
            "prune before other changes to the network, and avoid indexing of channels",
        ) from error


def _last_layer(network: nn.Module, sample: Tensor) -> nn.Module:
    """The layer computed last, which makes the outputs."""
    called: list[nn.Module] = []
    layers = [module for module in network.modules() if isinstance(module, _LAYERS)]
    hooks = [layer.register_forward_hook(lambda layer, *_: called.append(layer)) for layer in layers]
    try:
        _run(network, sample, "the student does not take the samples")
    finally:
        for hook in hooks:
            hook.remove()
    if not called:
        raise InputError("the student has no convolution and no fully connected layer", "there is nothing to prune")
    return called[-1]


@torch.no_grad()
def _run(network: nn.Module, sample: Tensor, trouble: str) -> Tensor:
    try:
        result = network(sample)
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise InputError(f"{trouble}: {str(error).splitlines()[0]}") from error
    if not isinstance(result, Tensor):
        raise InputError(f"the student returns a {type(result).__name__}, not one tensor")
    return result


def _shapes(network: nn.Module) -> list[torch.Size]:
    return [parameter.shape for parameter in network.parameters()]
