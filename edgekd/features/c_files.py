"""The front end as C for a board: firmware/features, and the tables of one front end."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from edgekd import paths
from edgekd.errors import InputError
from edgekd.features.front_end import LOG_BITS, TURN_BITS, FrontEnd
from edgekd.files import write_atomically


def c_files(front_end: FrontEnd, folder: Path) -> list[Path]:
    """Write features.h and what it needs, with front_end.h and front_end.c, into `folder`; returns the files.

    They build with any C11 compiler and need nothing else of edgekd. Raises InputError when they cannot be written.
    """
    sources = sorted(paths.shipped("firmware").joinpath("features").glob("*.[ch]"))
    texts = {source.name: source.read_text(encoding="utf-8") for source in sources}
    texts |= {name: _render(name, front_end) for name in ("front_end.h", "front_end.c")}
    try:
        for name, text in texts.items():
            write_atomically(folder / name, text)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}", "choose another folder: --out DIR") from None
    return [folder / name for name in texts]


def _render(name: str, front_end: FrontEnd) -> str:
    environment = Environment(
        loader=PackageLoader("edgekd.features"), undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    arrays = [
        ("hann", "int32_t", front_end.hann.tolist()),
        ("bands", "uint8_t", front_end.bands.tolist()),
        ("rising", "uint16_t", front_end.rising.tolist()),
        ("logarithms", "uint16_t", front_end.logarithms.tolist()),
        ("shifts", "uint8_t", front_end.shifts.tolist()),
    ]
    if front_end.coefficients:
        arrays.append(("cosines", "int16_t", front_end.cosines.ravel().tolist()))
    return environment.get_template(f"{name}.j2").render(
        front_end=front_end,
        title=f"{front_end.features} features ({front_end.kind}) of {front_end.window} samples every {front_end.hop}",
        arrays=arrays,
        twiddles=front_end.twiddles.tolist(),
        sample_shift=TURN_BITS - front_end.sample_bits,
        middle=(front_end.middle + front_end.energy_bits) << LOG_BITS,
    )
