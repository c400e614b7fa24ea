"""What stands between a speaker and a microphone: room, loudness, background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spoken_keywords.voices import SAMPLE_RATE, Sound


def noise(kind: str, samples: int, random: np.random.Generator) -> Sound:
    """Background noise with a root mean square of 1: white, pink, brown, or the hum of a motor."""
    if kind == "hum":
        seconds = np.arange(samples) / SAMPLE_RATE
        pitch = random.uniform(40, 130) * (1 + 0.02 * np.sin(2 * np.pi * random.uniform(0.2, 2) * seconds))
        phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
        waves = [np.sin(n * phase + random.uniform(0, 6)) * random.uniform(0.2, 1) / n for n in range(1, 12)]
        sound = np.sum(waves, axis=0) + 0.1 * random.normal(size=samples)
    else:
        exponent = {"white": 0.0, "pink": 0.5, "brown": 1.0}[kind]
        spectrum = np.fft.rfft(random.normal(size=samples))
        frequencies = np.maximum(np.arange(len(spectrum)), samples * 20 / SAMPLE_RATE)  # flat below 20 Hz
        sound = np.fft.irfft(spectrum / frequencies**exponent, samples)
    return sound / np.sqrt(np.mean(sound**2))


def babble(voices: Sequence[Sound], samples: int, random: np.random.Generator) -> Sound:
    """Many words at once, said anywhere and repeated; root mean square 1."""
    sound = np.zeros(samples)
    for voice in voices:
        for _ in range(max(1, samples // SAMPLE_RATE)):
            start = int(random.integers(max(1, samples - len(voice))))
            piece = sound[start : start + len(voice)]
            piece += voice[: len(piece)] * random.uniform(0.2, 1.0)
    return sound / max(1e-9, np.sqrt(np.mean(sound**2)))


def in_room(sound: Sound, random: np.random.Generator) -> Sound:
    """The sound and its echoes: noise that dies away within 50 to 300 ms."""
    decay = random.uniform(0.05, 0.3) * SAMPLE_RATE / 6.9  # samples to 1/e, where 60 dB are 6.9 of them
    echoes = random.normal(size=int(4 * decay)) * np.exp(-np.arange(int(4 * decay)) / decay)
    echoes *= random.uniform(0.0, 0.6) / np.sqrt(np.sum(echoes**2))
    echoes[0] = 1.0
    return np.convolve(sound, echoes)[: len(sound) + len(echoes)]


def clip(sound: Sound, background: Sound, random: np.random.Generator) -> Sound:
    """One second with the word somewhere in it, -25 to -6 dB loud at its peak, 0 to 25 dB above the background."""
    placed = np.zeros(SAMPLE_RATE)
    sound = sound[:SAMPLE_RATE]
    start = int(random.integers(SAMPLE_RATE - len(sound) + 1))
    placed[start : start + len(sound)] = sound
    level = np.sqrt(np.mean(sound**2)) if len(sound) else 0.0
    at = int(random.integers(len(background) - SAMPLE_RATE + 1))
    mixed = placed + background[at : at + SAMPLE_RATE] * level * 10 ** (-random.uniform(0, 25) / 20)
    return mixed * 10 ** (-random.uniform(6, 25) / 20) / max(1e-9, np.abs(mixed).max())
