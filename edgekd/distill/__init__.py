"""Teachers, losses and the training loop."""

from importlib.util import find_spec

from edgekd.errors import ToolError
from edgekd.stage_package import callable_as

if find_spec("torch") is None:
    raise ToolError("training needs torch, which is not installed", "install it: pip install 'edgekd[train]'")

callable_as(__name__, "edgekd.distill.api:distill")
