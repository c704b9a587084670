"""What Spark is trained for: batches, the loss, and the clicks that a person would put where it was wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from data import Sample, clip_region, cone


@dataclass
class Batch:
    """Tensors `[N, …, S, S]`; `region` marks the pixels that a caller keeps."""

    planes: Tensor
    target: Tensor
    region: Tensor

    @staticmethod
    def of(samples: list[Sample]) -> Batch:
        planes = torch.from_numpy(np.stack([s.planes for s in samples]))
        target = torch.from_numpy(np.stack([s.target for s in samples]))[:, None]
        region = np.stack([clip_region(s.planes[4]) & (s.planes[3] > 0.5) for s in samples])
        planes = planes.contiguous(memory_format=torch.channels_last)
        return Batch(planes, target, torch.from_numpy(region).float()[:, None])


def overlap(logits: Tensor, batch: Batch) -> Tensor:
    """IoU of the thresholded mask with the object within the clipped box: `[N]`."""
    predicted, wanted = (logits > 0) & (batch.region > 0), (batch.target > 0.5) & (batch.region > 0)
    both = (predicted & wanted).sum(dim=(1, 2, 3)).float()
    return both / (predicted | wanted).sum(dim=(1, 2, 3)).clamp(min=1)


def loss_of(logits: Tensor, quality: Tensor, batch: Batch, overlapping: float) -> Tensor:
    """Cross-entropy (what is clipped away counts a fifth) + soft Jaccard in the clipped box + the quality's own error.

    `overlapping` is the weight of the Jaccard term, which is what is measured in the end.
    """
    weight = 0.2 + 0.8 * batch.region
    entropy = F.binary_cross_entropy_with_logits(logits, batch.target, weight, reduction="sum") / weight.sum()
    soft, wanted = torch.sigmoid(logits) * batch.region, batch.target * batch.region
    both = (soft * wanted).sum(dim=(1, 2, 3))
    either = (soft + wanted - soft * wanted).sum(dim=(1, 2, 3))
    jaccard = 1 - ((both + 1) / (either + 1)).mean()
    judged = F.binary_cross_entropy_with_logits(quality[:, 0], overlap(logits.detach(), batch))
    return entropy + overlapping * jaccard + 0.1 * judged


def corrected(sample: Sample, logits: np.ndarray, rng: np.random.Generator) -> Sample:
    """The sample with one more click, in the middle of the largest error, as a person would put it."""
    region = clip_region(sample.planes[4]) & (sample.planes[3] > 0.5)
    wrong = ((logits > 0) != (sample.target > 0.5)) & region
    if not wrong.any():
        return sample
    depth = F.avg_pool2d(torch.from_numpy(wrong).float()[None, None], 13, 1, 6)[0, 0].numpy() * wrong
    score = depth + rng.uniform(0, 0.05, depth.shape) * wrong
    row, column = np.unravel_index(int(score.argmax()), score.shape)
    channel = 5 if sample.target[row, column] > 0.5 else 6
    planes = sample.planes.copy()
    planes[channel] = np.maximum(planes[channel], cone(float(row), float(column)))
    return Sample(planes, sample.target, sample.source)
