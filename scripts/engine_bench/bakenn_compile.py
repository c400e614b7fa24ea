"""Compiles one .tflite file with bakenn: run by the interpreter that has it, imports nothing of edgekd.

python bakenn_compile.py MODEL.tflite OUT TARGET portable|specialised|cmsis-nn
"""

from __future__ import annotations

import sys

import bakenn


def main() -> None:
    model, out, target, kernels = sys.argv[1:]
    options = bakenn.CBackendOptions(
        kernel_policy=bakenn.KernelPolicy.PORTABLE if kernels == "portable" else bakenn.KernelPolicy.STATIC_PRIORITY,
        enable_cmsis_nn=kernels == "cmsis-nn",
        target=bakenn.resolve_target(target),
    )
    try:
        bakenn.compile_tflite(model, out, name="model", backend_options=options)
    except bakenn.BakeNNError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        sys.exit(3)


if __name__ == "__main__":
    main()
