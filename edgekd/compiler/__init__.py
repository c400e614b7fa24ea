"""The ahead-of-time engine: .tflite to graph, to memory plan, to C11 that needs nothing else."""

from edgekd.compiler.pipeline import CompiledModel, OperatorSummary, compile_model

__all__ = ["CompiledModel", "OperatorSummary", "compile_model"]
