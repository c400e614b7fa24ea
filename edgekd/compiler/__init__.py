"""The ahead-of-time engine: .tflite to graph, to memory plan, to C11 that needs nothing else."""

from edgekd.compiler.pipeline import CompiledModel, OperatorSummary, compile_model
from edgekd.compiler.plan import PlanOptions

__all__ = ["CompiledModel", "OperatorSummary", "PlanOptions", "compile_model"]
