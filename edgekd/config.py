"""The recipe: one TOML file that says everything `edgekd run` does, checked before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from edgekd import paths
from edgekd.toml_schema import Strict, load_toml, size_in_bytes

Scalar = bool | int | float | str
Options = dict[str, Scalar | list[Scalar]]
PositiveInt = Annotated[int, Field(gt=0, le=1_000_000)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Augmentation = Literal["none", "flip", "shift", "shift-flip"]
Size = Annotated[int, BeforeValidator(size_in_bytes), Field(gt=0, lt=2**32)]
Rate = Annotated[float, Field(gt=0.0, le=100.0, allow_inf_nan=False)]


class Data(Strict):
    """Where samples come from.

    source: a built-in data set (`fashion-mnist`, `digits`, `watch`) or a kind of files (`npz`, `image-folder`,
    `csv-windows`, `speech-commands`, `machine-sounds`); edgekd/data has a module for each. path: the file or folder of
    the latter, or another place of the first; relative to the recipe. validation: samples (clips of machine sounds)
    carved from the training set by seed where the source has no validation set of its own. options: passed to the
    source.
    """

    source: str
    path: Path | None = None
    validation: PositiveInt = 5000
    options: Options = {}


class Network(Strict):
    """A network and how it is trained.

    model: a built-in name of edgekd.models or `package.module:callable` that returns a torch.nn.Module taking
    (batch, channels, height, width). options: its keyword arguments. optimizer: SGD with Nesterov momentum, or AdamW.
    learning_rate: the schedule's peak. patience: stop after so many epochs without a better one on the validation set;
    its weights are then kept. precision: bfloat16 (autocast) where the machine is faster at it.
    """

    model: str
    options: Options = {}
    epochs: PositiveInt
    batch_size: PositiveInt = 128
    learning_rate: Rate = 0.01
    weight_decay: Annotated[float, Field(ge=0.0, lt=1.0, allow_inf_nan=False)] = 1e-4
    optimizer: Literal["sgd", "adamw"] = "sgd"
    patience: PositiveInt | None = None
    precision: Literal["float32", "bfloat16"] = "float32"


class Teacher(Network):
    """`count` networks that differ by seed, averaged in probability space.

    augment: the change each of their training images gets; the student's own is in [distill].
    """

    count: Annotated[int, Field(ge=1, le=64)] = 3
    augment: Augmentation = "none"


class TeacherFile(Strict):
    """A teacher that is there already: .onnx, .keras, .h5, or stored logits of the training and validation set in .npz
    (see edgekd/distill/teachers/). path: relative to the recipe. The rest: see edgekd.distill.teachers.Teacher."""

    path: Path
    weight: Annotated[float, Field(gt=0.0, lt=1e9, allow_inf_nan=False)] = 1.0
    classes: list[int] | None = None
    input_size: tuple[PositiveInt, PositiveInt] | None = None
    mean: float | list[float] = 0.0
    std: float | list[float] = 1.0
    outputs: Literal["auto", "logits", "probabilities"] = "auto"
    layout: Literal["channels-first", "channels-last"] | None = None


class Distill(Strict):
    """How the student learns of the teachers.

    method: a name of edgekd.distill.methods, or `package.module:function` of (student_out, teacher_out, target) that
    returns the loss. options: the method's; temperature and hard_weight, which most have, may stand beside them.
    assistants: networks between teachers and student, each taught by the one before. augment: the change each training
    image gets, the same for student and control. select: the weights kept, of the last epoch or of the best epoch on
    the validation set. cache: keep the teachers' answers in the run directory. seeds: how many students and controls
    are trained, from the recipe's seed on; the first is converted. log: who is told each epoch's figures.
    """

    method: str = "soft-targets"
    options: Options = {}
    temperature: Annotated[float, Field(gt=0.0, le=100.0, allow_inf_nan=False)] | None = None
    hard_weight: Annotated[float, Field(ge=0.0, le=1e6, allow_inf_nan=False)] | None = None
    assistants: list[Network] = []
    augment: Augmentation = "none"
    select: Literal["last", "validation"] = "last"
    cache: bool = True
    seeds: Annotated[int, Field(ge=1, le=100)] = 1
    log: list[Literal["tensorboard", "mlflow", "wandb"]] = ["tensorboard"]

    @model_validator(mode="after")
    def _stands_once(self) -> Distill:
        for name in ("temperature", "hard_weight"):
            if name in self.options and getattr(self, name) is not None:
                raise ValueError(f"{name} stands in distill and in distill.options\nremove one of both")
        return self

    def method_options(self) -> Options:
        """The method's options, wherever they stand."""
        beside = {"temperature": self.temperature, "hard_weight": self.hard_weight}
        return {**self.options, **{name: value for name, value in beside.items() if value is not None}}


class Prune(Strict):
    """Leave channels out of the trained student and its control, and train both once more, as they were trained.

    share: of the channels of each layer. criterion: which go: the smallest by L1 norm of their weights, or by the scale
    of their batch normalisation, see edgekd.distill.prune. epochs, learning_rate: by default the student's own.
    """

    share: Annotated[float, Field(gt=0.0, lt=1.0, allow_inf_nan=False)]
    criterion: Literal["l1", "batch-norm"] = "l1"
    epochs: PositiveInt | None = None
    learning_rate: Rate | None = None


class Quantize(Strict):
    """Fine-tune the float student and its control in the int8 steps they are converted to, see edgekd.distill.qat.

    aware: true, false (post-training quantization), or "auto": when post-training quantization loses the student more
    than max_loss points on the validation set, and more than chance may (sign test). weight_bits: 8, or 4 for weights
    of 15 levels, stored in int8. epochs, learning_rate: of the fine-tuning, with AdamW.
    """

    aware: bool | Literal["auto"] = "auto"
    max_loss: Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)] = 0.5
    weight_bits: Literal[8, 4] = 8
    epochs: PositiveInt = 3
    learning_rate: Rate = 1e-3


class Convert(Strict):
    """calibration_samples: training images that set the activation ranges. max_accuracy_drop, of an anomaly detector
    max_auc_drop: points, or AUC, that int8 may lose against the float student on the test set before the run ends as
    a bad result."""

    calibration_samples: Annotated[int, Field(ge=10, le=10_000)] = 500
    max_accuracy_drop: Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)] = 0.5
    max_auc_drop: Fraction = 0.02


class Deploy(Strict):
    """board: a built-in name or the path of a board profile. engine: what runs the model there. port: the serial
    port of a real board; without it an emulated board is started. optimize: what matters most; "speed" computes whole
    images at once, "balanced" and "ram" go row by row where that saves memory, "flash" takes the smallest kernels."""

    board: str = "mps2-an386"
    engine: Literal["aot", "tflm"] = "aot"
    optimize: Literal["speed", "balanced", "ram", "flash"] = "balanced"
    port: str | None = None


class Evaluate(Strict):
    """samples: test samples (clips, where windows of one are judged together) streamed through the board, from the
    first on."""

    samples: PositiveInt = 1000


class Gates(Strict):
    """What the result must reach for exit code 0. accuracy: of the int8 student on the whole test set, in percent; of
    an anomaly detector auc, 0 to 1. beats_control: the student's, in int8, must be above the control's."""

    accuracy: Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)] | None = None
    auc: Fraction | None = None
    beats_control: bool = False


class Range(Strict):
    """Numbers from low to high, both included, in steps of `step`; whole ones when all of these are. log: small numbers
    are tried as often as large ones."""

    low: int | Annotated[float, Field(allow_inf_nan=False)]
    high: int | Annotated[float, Field(allow_inf_nan=False)]
    step: PositiveInt | Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None
    log: bool = False

    @model_validator(mode="after")
    def _has_numbers(self) -> Range:
        if self.low > self.high:
            raise ValueError(f"low is {self.low:g} and high {self.high:g}\nthe lower one comes first")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log takes numbers above 0, and no step")
        return self


class Search(Strict):
    """Which students `edgekd search` tries, and what they may cost; it trains them in float, without [quantize].

    options: of the student, each with a list of values or a range; by default those of its family, see
    edgekd.search.space. trials: candidates trained in all. seconds: of one call; no candidate is begun after them.
    epochs: of a candidate's training, by default the student's. seeds: students trained of each, the mean counts.
    prune: end a training that falls behind. minimize: the cost held against accuracy; "speed" is instructions, or on
    AVR cycles.

    Budgets, beside the board's own memory: flash and ram that the model adds to the firmware, in bytes or "24K";
    instructions or, on AVR, cycles an inference; latency_ms at the board's clock.
    """

    options: dict[str, Range | Annotated[list[Scalar | list[Scalar]], Field(min_length=1, max_length=100)]] = {}
    trials: Annotated[int, Field(gt=0, le=100_000)] = 30
    seconds: PositiveInt | None = None
    epochs: PositiveInt | None = None
    seeds: Annotated[int, Field(ge=1, le=100)] = 1
    prune: bool = True
    minimize: Literal["speed", "flash", "ram"] = "speed"
    flash: Size | None = None
    ram: Size | None = None
    instructions: Annotated[int, Field(gt=0)] | None = None
    cycles: Annotated[int, Field(gt=0)] | None = None
    latency_ms: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None


class Recipe(Strict):
    """A whole run. name: of its folder under `runs/`. seed: fixes every random choice on one machine.

    task: "classify", or "anomaly" for autoencoders that are judged by what they reconstruct badly; their method is
    "reconstruction", whose only option is hard_weight. teacher, teacher_files: networks that are trained first, and
    others that are there; one of both or both.
    """

    name: str
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    task: Literal["classify", "anomaly"] = "classify"
    data: Data
    teacher: Teacher | None = None
    teacher_files: list[TeacherFile] = []
    student: Network
    distill: Distill = Distill()
    prune: Prune | None = None
    quantize: Quantize = Quantize()
    convert: Convert = Convert()
    deploy: Deploy = Deploy()
    evaluate: Evaluate = Evaluate()
    gates: Gates = Gates()
    search: Search = Search()

    @field_validator("name")
    @classmethod
    def _name_is_a_folder(cls, name: str) -> str:
        plain = name.replace("-", "").replace("_", "").replace(".", "")
        if not (plain.isascii() and plain.isalnum() and len(name) <= 64) or name.startswith("."):
            raise ValueError(f"{name!r} cannot name a folder\nuse letters, digits, '-', '_' and '.', at most 64")
        return name

    @model_validator(mode="after")
    def _someone_teaches(self) -> Recipe:
        if self.teacher is None and not self.teacher_files:
            raise ValueError("teacher is missing\ngive [teacher], or [[teacher_files]] with a path")
        return self

    @model_validator(mode="after")
    def _few_bits_are_learned(self) -> Recipe:
        if self.quantize.weight_bits != 8 and self.quantize.aware is not True:
            raise ValueError("quantize.weight_bits is 4\nweights of 4 bits are learned: set quantize.aware = true")
        return self

    @model_validator(mode="after")
    def _task_has_what_it_needs(self) -> Recipe:
        distill, gates = self.distill, self.gates
        if self.task == "classify":
            if gates.auc is not None:
                raise ValueError('gates.auc is of anomaly detectors\nset task = "anomaly", or use gates.accuracy')
            if distill.method == "reconstruction":
                raise ValueError('distill.method "reconstruction" is of anomaly detectors\nset task = "anomaly"')
            return self
        if distill.method != "reconstruction":
            raise ValueError(f'distill.method is {distill.method!r}\ntask = "anomaly" takes method = "reconstruction"')
        unused = {
            "teacher_files": bool(self.teacher_files),
            "distill.options": bool(distill.options),
            "distill.temperature": distill.temperature is not None,
            "distill.assistants": bool(distill.assistants),
            "distill.augment": distill.augment != "none"
            or (self.teacher and self.teacher.augment) not in (None, "none"),
            "prune": self.prune is not None,
            # They are quantized after training, whatever the rest says.
            "quantize": self.quantize not in (Quantize(), Quantize(aware=False)),
            "gates.accuracy": gates.accuracy is not None,
        }
        if names := [name for name, used in unused.items() if used]:
            raise ValueError(f'{names[0]} does not go with task = "anomaly"\nremove it')
        if not (distill.hard_weight is None or distill.hard_weight <= 1.0):
            raise ValueError(
                f"distill.hard_weight is {distill.hard_weight:g}\n0 (teachers alone) to 1 (the sound alone)"
            )
        return self


def recipe_path(name_or_path: str | Path) -> Path:
    """The TOML of a recipe that ships with edgekd (by name) or of one's own (a path). Raises InputError when there is
    none."""
    return paths.named(name_or_path, paths.recipes(), "recipe", "edgekd run ./mine.toml")


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Read and check a recipe; relative paths in it are resolved against the recipe's folder.

    name_or_path: see `recipe_path`. Raises InputError that lists every problem with its line.
    """
    path = recipe_path(name_or_path)
    recipe = load_toml(path, Recipe)
    changes: dict[str, object] = {}
    if recipe.data.path is not None:
        changes["data"] = recipe.data.model_copy(update={"path": _beside(path, recipe.data.path)})
    changes["teacher_files"] = [
        file.model_copy(update={"path": _beside(path, file.path)}) for file in recipe.teacher_files
    ]
    return recipe.model_copy(update=changes)


def _beside(recipe: Path, path: Path) -> Path:
    return path if path.is_absolute() else (recipe.parent / path).resolve()
