"""StyleGAN as one would write it down from the paper in plain PyTorch, for `pictures_speed.py` to be measured beside.

Modulation scales the weights for each picture, which a grouped convolution of batch size 1 then applies (Karras et al.
2020a, appendix B); gains stand where the paper has them; tensors are float32 and (N, C, H, W); each optimiser is Adam
as torch has it by default; real and drawn pictures are judged one after the other. Only the resampling filters are
those of the package: depthwise convolutions, quicker than zeros put in between as others do it. Tensors are called as
in the package, so that it can be made sure that both are the same network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from throughtime.models.stylegan import StyleGAN
from throughtime.models.stylegan.resampling import blur, downsample, upsample

R1, PATH_LENGTH, MIXING, DECAY = 1.0, 2.0, 0.9, 0.996


def activate(inputs: Tensor) -> Tensor:
    return F.leaky_relu(inputs, 0.2) * math.sqrt(2)


class Linear(nn.Module):
    def __init__(self, inputs: int, outputs: int, multiplier: float = 1.0) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(outputs, inputs)), nn.Parameter(torch.zeros(outputs))
        self.scale, self.multiplier = multiplier / math.sqrt(inputs), multiplier

    def forward(self, inputs: Tensor) -> Tensor:
        return F.linear(inputs, self.weight * self.scale, self.bias * self.multiplier)


class Conv2d(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.stride, self.padding = stride, kernel // 2 if stride == 1 else 0

    def forward(self, inputs: Tensor) -> Tensor:
        scale = 1 / math.sqrt(self.weight[0].numel())
        return F.conv2d(inputs, self.weight * scale, self.bias, self.stride, self.padding)


class ModulatedConv2d(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, style: int, demodulate: bool, up: bool) -> None:
        super().__init__()
        self.affine, self.bias = Linear(style, inputs), nn.Parameter(torch.zeros(outputs))
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.demodulate, self.up = demodulate, up

    def forward(self, inputs: Tensor, styles: Tensor) -> Tensor:
        batch, channels, height, width = inputs.shape
        outputs, _, kernel, _ = self.weight.shape
        scales = self.affine(styles)[:, None, :, None, None]
        weight = self.weight / math.sqrt(self.weight[0].numel()) * scales  # (B, outputs, inputs, k, k)
        if self.demodulate:
            weight = weight * (weight.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        together = inputs.reshape(1, batch * channels, height, width)
        if self.up:
            turned = weight.transpose(1, 2).reshape(batch * channels, outputs, kernel, kernel)
            made = F.conv_transpose2d(together, turned, stride=2, groups=batch)
            made = blur(made.reshape(batch, outputs, *made.shape[2:]), padding=1, gain=4)
        else:
            made = F.conv2d(together, weight.flatten(0, 1), padding=kernel // 2, groups=batch)
            made = made.reshape(batch, outputs, height, width)
        return made + self.bias[:, None, None]


class StyledLayer(nn.Module):
    def __init__(self, inputs: int, outputs: int, style: int, up: bool) -> None:
        super().__init__()
        self.convolution = ModulatedConv2d(inputs, outputs, 3, style, demodulate=True, up=up)
        self.strength = nn.Parameter(torch.zeros(()))

    def forward(self, inputs: Tensor, styles: Tensor, noise: Tensor | None) -> Tensor:
        outputs = self.convolution(inputs, styles)
        noise = torch.randn_like(outputs[:, :1]) if noise is None else noise
        return activate(outputs + self.strength * noise)


class Mapping(nn.Module):
    def __init__(self, style: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Linear(style, style, 0.01) for _ in range(layers))

    def forward(self, z: Tensor) -> Tensor:
        w = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.layers:
            w = activate(layer(w))
        return w


class Synthesis(nn.Module):
    def __init__(self, colours: int, channels: Sequence[int], style: int) -> None:
        super().__init__()
        self.constant = nn.Parameter(torch.randn(1, channels[0], 4, 4))
        layers = [StyledLayer(channels[0], channels[0], style, up=False)]
        for below, here in pairwise(channels):
            layers += [StyledLayer(below, here, style, up=True), StyledLayer(here, here, style, up=False)]
        self.layers = nn.ModuleList(layers)
        self.pictures = nn.ModuleList(ModulatedConv2d(one, colours, 1, style, False, False) for one in channels)

    def forward(self, styles: Tensor, noises: Sequence[Tensor] | None = None) -> Tensor:
        features, picture = self.constant.repeat(len(styles), 1, 1, 1), None
        for number, layer in enumerate(self.layers):
            features = layer(features, styles[:, number], None if noises is None else noises[number])
            if number % 2 == 0:
                part = self.pictures[number // 2](features, styles[:, number])
                picture = part if picture is None else upsample(picture) + part
        assert picture is not None
        return picture


class Generator(nn.Module):
    def __init__(self, mapping: Mapping, synthesis: Synthesis, style: int) -> None:
        super().__init__()
        self.mapping, self.synthesis, self.style = mapping, synthesis, style

    def styles(self, count: int) -> Tensor:
        first, second = (self.mapping(torch.randn(count, self.style)) for _ in range(2))
        layers = len(self.synthesis.layers)
        crossover = torch.randint(1, layers, (count, 1)) + layers * (torch.rand(count, 1) >= MIXING)
        return torch.where((torch.arange(layers) < crossover)[:, :, None], first[:, None], second[:, None])


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first, self.second = Conv2d(inputs, inputs, 3), Conv2d(inputs, outputs, 3, stride=2)
        self.past = Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        features = activate(self.second(blur(activate(self.first(inputs)), padding=2)))
        return (features + self.past(downsample(inputs))) / math.sqrt(2)


class Discriminator(nn.Module):
    def __init__(self, colours: int, channels: Sequence[int]) -> None:
        super().__init__()
        last = channels[-1]
        self.from_picture = Conv2d(colours, channels[0], 1)
        self.blocks = nn.ModuleList(Block(inputs, outputs) for inputs, outputs in pairwise(channels))
        self.convolution, self.dense, self.output = Conv2d(last + 1, last, 3), Linear(last * 16, last), Linear(last, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        features = activate(self.from_picture(pictures))
        for block in self.blocks:
            features = block(features)
        groups = features.reshape(-1, 4, *features.shape[1:])
        spread = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3)).repeat_interleave(4)
        features = torch.cat([features, spread[:, None, None, None].expand(-1, 1, 4, 4)], dim=1)
        return self.output(activate(self.dense(activate(self.convolution(features)).flatten(1)))).squeeze(1)


def networks_of(model: StyleGAN) -> tuple[Generator, Discriminator]:
    """The plain networks of a model's sizes and weights."""
    own, style = model.generator, model.latent
    colours = own.synthesis.pictures[0].weight.shape[0]
    channels = [layer.weight.shape[1] for layer in own.synthesis.pictures]
    generator = Generator(Mapping(style, len(own.mapping.layers)), Synthesis(colours, channels, style), style)
    discriminator = Discriminator(colours, channels[::-1])
    for plain, packaged in ((generator, own), (discriminator, model.discriminator)):
        plain.load_state_dict({name: one.data.contiguous() for name, one in packaged.named_parameters()})
    _same(model, generator, discriminator)
    return generator, discriminator


@torch.no_grad()
def _same(model: StyleGAN, generator: Generator, discriminator: Discriminator) -> None:
    """Make sure that both give the same."""
    z = torch.randn(8, model.latent)
    noises = model.generator.synthesis.draw_noise(8)
    drawn = model.generator(z, noises=noises)
    styles = generator.mapping(z)[:, None].expand(-1, len(noises), -1)
    torch.testing.assert_close(generator.synthesis(styles, noises), drawn, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(discriminator(drawn), model.discriminator(drawn), rtol=1e-3, atol=1e-4)


def training(model: StyleGAN, data: Tensor, batch: int, r1_every: int, path_every: int) -> Callable[[int], None]:
    """The plain loop, which takes so many steps.

    Args:
        model: whose sizes and first weights the networks have.
        data: all pictures (N, C, S, S), -1 to 1, in memory.
        batch: pictures of a step.
        r1_every, path_every: steps between two penalties, which weigh as much more; 1: at each.
    """
    generator, discriminator = networks_of(model)
    average, mean_length, taken = deepcopy(generator), torch.zeros(()), 0
    makers, critics = (
        torch.optim.Adam(network.parameters(), lr=2.5e-3, betas=(0.0, 0.99)) for network in (generator, discriminator)
    )

    def discriminate() -> None:
        real = data[torch.randint(len(data), (batch,))].requires_grad_()
        with torch.no_grad():
            drawn = generator.synthesis(generator.styles(batch))
        of_real = discriminator(real)
        loss = F.softplus(-of_real).mean() + F.softplus(discriminator(drawn)).mean()
        if taken % r1_every == 0:
            (slopes,) = torch.autograd.grad(of_real.sum(), real, create_graph=True)
            loss = loss + r1_every * R1 / 2 * slopes.square().sum((1, 2, 3)).mean()
        critics.zero_grad()
        loss.backward()
        critics.step()

    def generate() -> None:
        nonlocal mean_length
        loss = F.softplus(-discriminator(generator.synthesis(generator.styles(batch)))).mean()
        if taken % path_every == 0:
            styles = generator.styles(batch // 2)
            pictures = generator.synthesis(styles)
            noise = torch.randn_like(pictures) / pictures.shape[2]
            (slopes,) = torch.autograd.grad((pictures * noise).sum(), styles, create_graph=True)
            lengths = slopes.square().sum(2).mean(1).sqrt()
            mean_length = mean_length.lerp(lengths.detach().mean(), 0.01)
            loss = loss + path_every * PATH_LENGTH * (lengths - mean_length).square().mean()
        makers.zero_grad()
        loss.backward()
        makers.step()
        loss.item()

    def rounds(steps: int) -> None:
        nonlocal taken
        for _ in range(steps):
            discriminate()
            generate()
            with torch.no_grad():
                for mine, other in zip(average.parameters(), generator.parameters(), strict=True):
                    mine.lerp_(other, 1 - DECAY)
            taken += 1

    return rounds
