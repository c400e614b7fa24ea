"""Small networks in the manner of well-known families, in torch, untrained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional


def conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1, act: Any = nn.ReLU) -> Any:
    same = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(same, nn.BatchNorm2d(outputs), act())


class Fire(nn.Module):
    """SqueezeNet: a narrow layer, then two kinds of kernels side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.squeeze = conv(3, 8, stride=2), conv(8, 4, 1)
        self.small, self.large = conv(4, 8, 1), conv(4, 8)
        self.head = nn.Conv2d(16, 5, 1)

    def forward(self, x: Any) -> Any:
        x = functional.max_pool2d(self.stem(x), 3, 2, ceil_mode=True)
        x = self.squeeze(x)
        x = self.head(torch.cat([self.small(x), self.large(x)], 1))
        return functional.adaptive_avg_pool2d(x, 1).flatten(1)


class Shuffle(nn.Module):
    """ShuffleNetV2: half of the channels pass by, then all are shuffled. With 10 of them they are as many as rows."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.stem = conv(3, width, stride=2)
        half = width // 2
        inner = conv(half, half, groups=half, act=nn.Identity)
        self.branch = nn.Sequential(conv(half, half, 1), inner, conv(half, half, 1))
        self.head = nn.Linear(width, 5)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        for _ in range(2):
            kept, changed = x.chunk(2, 1)
            x = torch.cat([kept, self.branch(changed)], 1)
            n, c, h, w = x.shape
            x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return self.head(x.mean((2, 3)))


class MobileNetV3(nn.Module):
    """Inverted residual with squeeze-and-excitation, hard-swish and hard-sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 8, stride=2, act=nn.Hardswish)
        self.expand, self.depthwise = conv(8, 24, 1, act=nn.Hardswish), conv(24, 24, 5, groups=24, act=nn.Hardswish)
        self.excite = nn.Sequential(nn.Conv2d(24, 8, 1), nn.ReLU(), nn.Conv2d(8, 24, 1), nn.Hardsigmoid())
        self.project, self.head = conv(24, 8, 1, act=nn.Identity), nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        y = self.depthwise(self.expand(x))
        y = y * self.excite(functional.adaptive_avg_pool2d(y, 1))
        x = x + self.project(y)
        return self.head(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class Dense(nn.Module):
    """DenseNet: every layer sees all before it; normalization comes first."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 3, padding=1)
        self.norms = nn.ModuleList(nn.BatchNorm2d(6 + 4 * i) for i in range(3))
        self.layers = nn.ModuleList(nn.Conv2d(6 + 4 * i, 4, 3, padding=1) for i in range(3))
        self.head = nn.Linear(18, 5)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        for norm, layer in zip(self.norms, self.layers, strict=True):
            x = torch.cat([x, layer(functional.relu(norm(x)))], 1)
        return self.head(functional.avg_pool2d(x, 2).mean((2, 3)))


class UNet(nn.Module):
    """Down, up with what was there before, and up once more by a learned kernel."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode
        self.first, self.down, self.deep = conv(3, 6), conv(6, 8, stride=2), conv(8, 8, stride=2)
        self.middle, self.last = conv(16, 8), conv(14, 6)
        self.mask = nn.Conv2d(6, 2, 1)

    def forward(self, x: Any) -> Any:
        options = {"mode": self.mode} | ({"align_corners": False} if self.mode == "bilinear" else {})
        first = self.first(x)
        down = self.down(first)
        x = functional.interpolate(self.deep(down), scale_factor=2, **options)
        x = self.middle(torch.cat([x, down], 1))
        x = functional.interpolate(x, scale_factor=2, **options)
        return self.mask(self.last(torch.cat([x, first], 1)))


class Upsampled(nn.Module):
    """An autoencoder's way up: transposed convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.down = conv(3, 8, stride=2)
        self.up = nn.ConvTranspose2d(8, 6, 2, 2)
        self.same = nn.Conv2d(6, 3, 3, padding=1)

    def forward(self, x: Any) -> Any:
        return torch.sigmoid(self.same(functional.leaky_relu(self.up(self.down(x)))))


class Temporal(nn.Module):
    """1-D dilated convolutions, PReLU, and a maximum over time."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Conv1d(c, 8, 3, padding=d, dilation=d) for c, d in ((4, 1), (8, 2), (8, 4)))
        self.slopes = nn.ModuleList(nn.PReLU(8) for _ in range(3))
        self.head = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        for layer, slope in zip(self.layers, self.slopes, strict=True):
            x = slope(layer(x))
        return self.head(torch.clamp(torch.amax(x, 2), 0.1, 2.0))


class ResNet(nn.Module):
    """A wide stem, pooling that is padded, a block with a shortcut of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 8, 7, stride=2)
        self.block = nn.Sequential(conv(8, 12, stride=2), conv(12, 12, act=nn.Identity))
        self.shortcut, self.head = conv(8, 12, 1, stride=2, act=nn.Identity), nn.Linear(12, 5)

    def forward(self, x: Any) -> Any:
        x = functional.max_pool2d(self.stem(x), 3, 2, 1)
        x = functional.relu(self.block(x) + self.shortcut(x))
        return self.head(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class RegNet(nn.Module):
    """Groups, squeeze-and-excitation; pooling of numbers below 0."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.grouped = nn.Conv2d(3, 8, 3, padding=1), conv(8, 8, groups=2)
        self.excite = nn.Sequential(nn.Conv2d(8, 4, 1), nn.ReLU(), nn.Conv2d(4, 8, 1), nn.Sigmoid())
        self.head = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = functional.max_pool2d(self.stem(x), 3, 2, 1)
        y = self.grouped(x)
        return self.head((x + y * self.excite(y.mean((2, 3), keepdim=True))).mean((2, 3)))


class GhostNet(nn.Module):
    """Half of the channels are made of the others, cheaply."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.first, self.cheap = conv(3, 8, stride=2), conv(8, 6, 1), conv(6, 6, groups=6)
        self.head = nn.Linear(10, 5)

    def forward(self, x: Any) -> Any:
        first = self.first(self.stem(x))
        return self.head(torch.cat([first, self.cheap(first)], 1)[:, :10].mean((2, 3)))


class EfficientNet(nn.Module):
    """Inverted residual with SiLU."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 8, stride=2, act=nn.SiLU)
        self.inner = nn.Sequential(conv(8, 16, 1, act=nn.SiLU), conv(16, 16, 5, groups=16, act=nn.SiLU))
        self.excite = nn.Sequential(nn.Conv2d(16, 4, 1), nn.SiLU(), nn.Conv2d(4, 16, 1), nn.Sigmoid())
        self.project, self.head = conv(16, 8, 1, act=nn.Identity), nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        y = self.inner(x)
        x = x + self.project(y * self.excite(functional.adaptive_avg_pool2d(y, 1)))
        return self.head(x.mean((2, 3)))


class ConvNeXt(nn.Module):
    """Patches, a wide depthwise window, layer norm, and GELU by tanh."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.wide = nn.Conv2d(3, 8, 4, 4), nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm = nn.LayerNorm(8)
        self.up, self.down, self.head = nn.Linear(8, 16), nn.Linear(16, 8), nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.patches(x)
        y = self.norm(self.wide(x).permute(0, 2, 3, 1))
        y = self.down(functional.gelu(self.up(y), approximate="tanh"))
        return self.head((x + y.permute(0, 3, 1, 2)).mean((2, 3)))


class MobileViT(nn.Module):
    """Convolution, then pixels that attend to each other."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(conv(3, 8, stride=2, act=nn.SiLU), conv(8, 12, stride=2, act=nn.SiLU))
        self.norm, self.all_three, self.mix = nn.LayerNorm(12), nn.Linear(12, 36), nn.Linear(12, 12)
        self.head = nn.Linear(12, 5)

    def forward(self, x: Any) -> Any:
        x = self.stem(x)
        tokens = x.flatten(2).transpose(1, 2)
        n, count, width = tokens.shape
        three = self.all_three(self.norm(tokens)).reshape(n, count, 3, 2, width // 2).permute(2, 0, 3, 1, 4)
        query, key, value = three.unbind(0)
        weights = (query @ key.transpose(-2, -1) * (width // 2) ** -0.5).softmax(-1)
        tokens = tokens + self.mix((weights @ value).transpose(1, 2).reshape(n, count, width))
        return self.head(tokens.mean(1))


class Normalized(nn.Module):
    """Group norm and absolute values."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm, self.head = nn.Conv2d(3, 8, 3, 2), nn.GroupNorm(2, 8), nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        return self.head(torch.abs(self.norm(self.stem(x))).mean((2, 3)))


class TCResNet(nn.Module):
    """Keywords: long 1-D windows and shortcuts."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.long, self.short = (
            nn.Conv1d(4, 8, 3, padding=1),
            nn.Conv1d(8, 12, 9, 2, 4),
            nn.Conv1d(8, 12, 1, 2),
        )
        self.again, self.head = nn.Conv1d(12, 12, 9, 1, 4), nn.Linear(12, 5)

    def forward(self, x: Any) -> Any:
        x = self.first(x)
        x = functional.relu(self.again(functional.relu(self.long(x))) + self.short(x))
        return self.head(functional.max_pool1d(x, 3, 2, 1).mean(2))


class Recurrent(nn.Module):
    """A cell, called once a step."""

    def __init__(self, cell: Callable[[int, int], nn.Module]) -> None:
        super().__init__()
        self.thin, self.cell, self.head = nn.Conv1d(4, 6, 16, 16), cell(6, 8), nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.thin(x)
        state = torch.zeros(1, 8) if isinstance(self.cell, nn.GRUCell) else (torch.zeros(1, 8), torch.zeros(1, 8))
        for step in range(x.shape[2]):
            state = self.cell(x[:, :, step], state)
        return self.head(state if isinstance(state, torch.Tensor) else state[0])


# In the order they are made: each takes its random numbers after those before it.
_FAMILIES: dict[str, Callable[[], nn.Module]] = {
    "squeezenet": Fire,
    "shufflenet": Shuffle,
    "shufflenet_cubic": lambda: Shuffle(10),
    "mobilenetv3": MobileNetV3,
    "densenet": Dense,
    "unet_nearest": lambda: UNet("nearest"),
    "unet_bilinear": lambda: UNet("bilinear"),
    "upsampled": Upsampled,
    "resnet": ResNet,
    "regnet": RegNet,
    "ghostnet": GhostNet,
    "efficientnet": EfficientNet,
    "convnext": ConvNeXt,
    "mobilevit": MobileViT,
    "normalized": Normalized,
    "temporal": Temporal,
    "tc_resnet": TCResNet,
    "gru": lambda: Recurrent(nn.GRUCell),
    "lstm": lambda: Recurrent(nn.LSTMCell),
}


def networks() -> dict[str, nn.Module]:
    """One network of each family, with random numbers that are the same every time."""
    torch.manual_seed(7)
    made = {name: make() for name, make in _FAMILIES.items()}
    for network in made.values():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):  # as training leaves them
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.uniform_(module.bias, -0.5, 0.5)
    return made
