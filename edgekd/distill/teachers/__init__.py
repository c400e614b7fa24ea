"""Teachers: one or several, of any framework, or their stored answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn

from edgekd.distill.teachers.ensemble import Ensemble
from edgekd.distill.teachers.member import Member, ModuleMember, Teacher, path_of
from edgekd.distill.teachers.stored import StoredMember, stored_member
from edgekd.errors import InputError

__all__ = ["Ensemble", "Teacher", "ensemble_of", "specs_of"]

_FILES = {".onnx", ".keras", ".h5", ".hdf5", ".npz", ".npy"}
_WEIGHTS = {".pt", ".pth", ".bin", ".ckpt", ".pkl", ".safetensors"}


def specs_of(teacher: Any) -> list[Teacher]:
    """What a user gives as teachers: one or a list of modules, paths, arrays of logits or Teachers."""
    several = isinstance(teacher, (list, tuple)) or (
        isinstance(teacher, Sequence) and not isinstance(teacher, (str, nn.Module))
    )
    given = list(teacher) if several else [teacher]
    if not given or teacher is None:
        raise InputError("there is no teacher", "give one module or a list of them")
    return [one if isinstance(one, Teacher) else Teacher(one) for one in given]


def ensemble_of(specs: Sequence[Teacher], student: Any, x: Tensor, classes: int | None) -> Ensemble:
    """Teachers that fit the student, found out by asking about some samples.

    x: samples to ask about, (samples, channels, …). classes: of the student.
    Raises InputError for teachers that cannot be read or asked, or that have other classes.
    """
    members = []
    for index, spec in enumerate(specs):
        title = "the teacher" if len(specs) == 1 else f"teacher {index}"
        if spec.source is student:
            raise InputError(f"{title} is the student itself", "give another module, or a copy.deepcopy of it")
        member = _member(spec, title)
        member.settle(x, classes)
        members.append(member)
    return Ensemble(members)


def check_apart(student: nn.Module, assistants: Sequence[nn.Module], teachers: Ensemble) -> None:
    """Raise InputError when weights that are trained belong to another network, too."""
    named = [("the student", student)]
    named += [(f"assistant {number}", one) for number, one in enumerate(assistants, start=1)]
    fixed = [(member.title, member.module) for member in teachers.members if isinstance(member, ModuleMember)]
    for place, (name, network) in enumerate(named):
        own = {id(parameter) for parameter in network.parameters()}
        for other, one in [*named[place + 1 :], *fixed]:
            if any(id(parameter) in own for parameter in one.parameters()):
                raise InputError(f"{name} and {other} share weights", "give one of them as copy.deepcopy(network)")


def _member(spec: Teacher, title: str) -> Member:
    source = spec.source
    if isinstance(source, nn.Module):
        return ModuleMember(spec, title)
    if isinstance(source, (np.ndarray, Tensor)):
        logits = source.detach().cpu().numpy() if isinstance(source, Tensor) else source
        return StoredMember(spec, title, logits, None)
    path = path_of(source)
    if path is None:
        raise InputError(
            f"{title} is a {type(source).__name__}",
            "a torch.nn.Module, a path (.onnx, .keras, .h5, .npz, .npy), or an array of logits",
        )
    return _of_file(spec, title, path)


def _of_file(spec: Teacher, title: str, path: Path) -> Member:
    kind = path.suffix.lower()
    if kind not in _FILES:
        hints = ["one of " + ", ".join(sorted(_FILES))]
        if kind in _WEIGHTS:
            hints.append("weights alone are no network: load them into one and give that, or export it to ONNX")
        raise InputError(f"{title}: {path} is no kind of file that can teach", *hints)
    if not path.is_file():
        raise InputError(f"{title}: {path}: no such file")
    if kind == ".onnx":
        from edgekd.distill.teachers.onnx import OnnxMember

        return OnnxMember(spec, title, path)
    if kind in (".npz", ".npy"):
        return stored_member(spec, title, path)
    from edgekd.distill.teachers.keras import KerasMember

    return KerasMember(spec, title, path)
