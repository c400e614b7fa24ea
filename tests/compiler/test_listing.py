from __future__ import annotations

from pathlib import Path

from small_models import classifier

from edgekd.compiler import compile_model
from edgekd.compiler.listing import operator_lines

INTERLEAVED = """\
/* 0: CONV_2D 8x8x3 -> 8x8x4, 864 multiply-accumulates */
static const struct edgekd_conv_2d_s8 conv_2d_0 = {
    .depth = 27,
};

int net_invoke(const int8_t *input, int8_t *output, void *arena) {
    uint8_t *const memory = arena;

    /* 0: CONV_2D 8x8x3 -> 8x8x4
     * 11: DEPTHWISE_CONV_2D 8x8x4 -> 8x8x4 */
    for (int32_t y = 0; y < 8; ++y) {
        edgekd_conv_2d_s8(&conv_2d_0, input, tensor_1, y, y + 1);
        edgekd_depthwise_conv_2d_s8(&depthwise_conv_2d_11, tensor_1, tensor_2, y, y + 1);
    }

    memcpy(output, tensor_2, 256);
    return 0;
}
"""


def test_layers_that_take_turns_in_a_loop_have_their_calls_and_the_first_has_the_loop() -> None:
    assert operator_lines(INTERLEAVED) == {9: 0, 10: 0, 11: 0, 12: 0, 13: 11, 14: 0}


def test_every_kernel_call_of_a_compiled_model_belongs_to_its_operator(tmp_path: Path) -> None:
    model = tmp_path / "net.tflite"
    model.write_bytes(classifier())
    compiled = compile_model(model, tmp_path / "c", target="cortex-m4", name="net")
    text = (tmp_path / "c" / "net.c").read_text()
    belongs = operator_lines(text)
    for operator in compiled.operators:
        lines = [text.splitlines()[number - 1] for number, index in belongs.items() if index == operator.index]
        calls = [line for line in lines if line.lstrip().startswith("edgekd_")]
        assert [call.lstrip().partition("(")[0] for call in calls] == ([operator.kernel] if operator.kernel else [])
