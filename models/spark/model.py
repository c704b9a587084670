"""Spark: a small box- and click-prompted segmentation network.

Contract `spark-1` (CONTRACT.md tells it to the pixel; geometry.py implements it):

- `input` float32 `[N, 7, 128, 128]`: R, G, B as x/255 (padding 0), validity (1 inside the image), box (1 inside), positive
  clicks and negative clicks (cones of radius 8 crop pixels). The crop is a square around the box centre, its side is
  1.5 × the longer box side and at least 16 image pixels.
- `logits` float32 `[N, 1, 128, 128]`: > 0 is object. `quality` float32 `[N, 1]`: predicted IoU, 0..1.

A U-Net with additive skips. Its finest level has 64 × 64 pixels (the last step is a learned 2 × upsampling) and most weights
sit at 16 × 16 and below, where they cost little time: a small object fills the crop anyway, so full resolution buys nothing.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from geometry import CHANNELS

WIDTHS = (16, 32, 64, 128, 160)


class Conv(nn.Sequential):
    """3 × 3 (or 1 × 1) convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):
    """Two convolutions around a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = Conv(width, width)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.second(self.first(x))))


class Up(nn.Module):
    """Bring the coarser level to the finer one's size and width, add, and refine."""

    def __init__(self, coarse: int, fine: int, refine: nn.Module) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(coarse, fine, 1, bias=False)
        self.norm = nn.BatchNorm2d(fine)
        self.refine = refine

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        raised = F.interpolate(self.norm(self.narrow(coarse)), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.refine(F.relu(raised + fine))


def normalise(x: Tensor) -> Tensor:
    """Take mean and contrast of the valid pixels out of the colours, so that faint objects look like strong ones.

    `[N, 7, …]` → `[N, 10, …]`: plain colours, normalised colours (per-channel mean, common spread), the other four channels.
    """
    colours, validity, prompts = x[:, :3], x[:, 3:4], x[:, 4:]
    count = validity.sum(dim=(2, 3), keepdim=True).clamp(min=1.0)
    mean = colours.sum(dim=(2, 3), keepdim=True) / count
    centred = colours - mean * validity
    spread = ((centred * centred).sum(dim=(1, 2, 3), keepdim=True) / (3 * count) + 1e-5).sqrt()
    return torch.cat([colours, centred / spread, validity, prompts], dim=1)


class Spark(nn.Module):
    """The network; see the module's head for shapes."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        w1, w2, w3, w4, w5 = widths
        self.down1 = nn.Sequential(Conv(CHANNELS + 3, w1, stride=2), Conv(w1, w1))
        self.down2 = nn.Sequential(Conv(w1, w2, stride=2), Residual(w2))
        self.down3 = nn.Sequential(Conv(w2, w3, stride=2), Residual(w3))
        self.down4 = nn.Sequential(Conv(w3, w4, stride=2), Residual(w4))
        self.down5 = nn.Sequential(Conv(w4, w5, stride=2), Conv(w5, w5))
        self.up4 = Up(w5, w4, Conv(w4, w4))
        self.up3 = Up(w4, w3, Residual(w3))
        self.up2 = Up(w3, w2, Residual(w2))
        self.up1 = Up(w2, w1, Conv(w1, w1))
        self.mask = nn.Sequential(nn.Conv2d(w1, 4, 3, 1, 1), nn.PixelShuffle(2))
        self.judge = nn.Sequential(nn.Linear(w5 + w3, 64), nn.ReLU(), nn.Linear(64, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`input` → (`logits`, quality before the sigmoid)."""
        f1 = self.down1(normalise(x))
        f2 = self.down2(f1)
        f3 = self.down3(f2)
        f4 = self.down4(f3)
        f5 = self.down5(f4)
        u3 = self.up3(self.up4(f5, f4), f3)
        u1 = self.up1(self.up2(u3, f2), f1)
        summary = torch.cat([f5.mean(dim=(2, 3)), u3.mean(dim=(2, 3))], dim=1)
        return self.mask(u1), self.judge(summary)


class Exported(nn.Module):
    """Spark with the outputs of the contract."""

    def __init__(self, spark: Spark) -> None:
        super().__init__()
        self.spark = spark

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        logits, quality = self.spark(x)
        return logits, torch.sigmoid(quality)
