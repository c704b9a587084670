"""Train Spark within a time budget: from scratch, or on from a checkpoint or an exported file.

    python train.py --minutes 70 --seed 3 --threads 1 --out first.pt
    python train.py --minutes 40 --seed 5 --threads 1 --start first.pt --out spark.pt
    python train.py --minutes 40 --seed 6 --threads 1 --start ../spark.onnx --out spark.pt

A run that starts from something finishes it: lower rate, more real images, most colours untouched, more weight on the overlap (`TO_FINISH`).
The learning rate follows the share of the budget that is used, so a slower machine sees fewer samples but still ends well.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from data import FINISHING, FIRST, Diet, Sample, Stream
from model import Spark
from nuclei import Part
from objective import Batch, corrected, loss_of, overlap
from restore import restore

WARM_UP = 0.02
MOST_RECYCLED = 3
TYPICAL = 256  # samples on which the statistics of an exported network are measured


@dataclass(frozen=True)
class Plan:
    """How a run trains. `recycled`: share of each batch that comes back with a click where the network was wrong."""

    diet: Diet
    peak: float
    decay: float
    recycled: float
    overlapping: float


FROM_SCRATCH = Plan(FIRST, peak=3e-3, decay=0.998, recycled=0.2, overlapping=1.0)
TO_FINISH = Plan(FINISHING, peak=8e-4, decay=0.996, recycled=0.12, overlapping=2.0)


def rate(done: float, peak: float) -> float:
    """Learning rate at a share `done` of the budget: warm-up, then half a cosine."""
    if done < WARM_UP:
        return peak * (0.05 + 0.95 * done / WARM_UP)
    return peak * (0.004 + 0.996 * 0.5 * (1 + float(np.cos(np.pi * min(1.0, (done - WARM_UP) / (1 - WARM_UP))))))


class Trainer:
    """The network, its running average, and the samples that come back for correction."""

    def __init__(self, seed: int, batch: int, start: Path | None, peak: float | None = None, parts: tuple[Part, ...] = ("training",)) -> None:
        torch.manual_seed(seed)
        self.batch = batch
        self.plan = TO_FINISH if start else FROM_SCRATCH
        self.peak = peak or self.plan.peak
        self.stream = Stream(seed, self.plan.diet, parts)
        self.spark = self._network(start).to(memory_format=torch.channels_last).train()
        self.average = copy.deepcopy(self.spark).eval()
        self.optimiser = torch.optim.AdamW(self.spark.parameters(), weight_decay=0.02, foreach=True)
        self.rng = np.random.default_rng(seed + 1)
        self.waiting: deque[tuple[Sample, int]] = deque(maxlen=4 * batch)
        self.recent: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=800))
        self.steps = 0

    def _network(self, start: Path | None) -> Spark:
        """New, of a checkpoint, or of an exported file."""
        if start is None:
            return Spark()
        if start.suffix == ".onnx":
            return restore(start, Batch.of([self.stream.sample() for _ in range(TYPICAL)]).planes)
        spark = Spark()
        spark.load_state_dict(torch.load(start, weights_only=True)["model"])
        return spark

    def _samples(self) -> tuple[list[Sample], list[int]]:
        """A batch and how often each of its samples was corrected."""
        again = [self.waiting.popleft() for _ in range(min(len(self.waiting), round(self.plan.recycled * self.batch)))]
        fresh = [self.stream.sample() for _ in range(self.batch - len(again))]
        return [s for s, _ in again] + fresh, [n for _, n in again] + [0] * len(fresh)

    def step(self, done: float, half: bool) -> None:
        """One optimiser step."""
        samples, corrections = self._samples()
        batch = Batch.of(samples)
        for group in self.optimiser.param_groups:
            group["lr"] = rate(done, self.peak)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits, quality = self.spark(batch.planes)
        logits, quality = logits.float(), quality.float()
        loss_of(logits, quality, batch, self.plan.overlapping).backward()
        torch.nn.utils.clip_grad_norm_(self.spark.parameters(), 3.0)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self._follow()
        self._sort(samples, corrections, logits.detach(), batch)
        self.steps += 1

    def _follow(self) -> None:
        decay = min(self.plan.decay, (1 + self.steps) / (10 + self.steps))
        with torch.no_grad():
            for ours, theirs in zip(self.average.state_dict().values(), self.spark.state_dict().values(), strict=True):
                if ours.dtype.is_floating_point:
                    ours.lerp_(theirs, 1 - decay)
                else:
                    ours.copy_(theirs)

    def _sort(self, samples: list[Sample], corrections: list[int], logits: Tensor, batch: Batch) -> None:
        """Note the scores, and send some of the imperfect samples back with a click."""
        for i, (sample, score) in enumerate(zip(samples, overlap(logits, batch).tolist(), strict=True)):
            self.recent[sample.source if corrections[i] == 0 else "corrected"].append(score)
            chance = 0.5 if corrections[i] else 0.15 + 0.25 * (score < 0.8)
            if score < 0.93 and corrections[i] < MOST_RECYCLED and self.rng.random() < chance:
                again = corrected(sample, logits[i, 0].numpy(), self.rng)
                self.waiting.append((again, corrections[i] + 1))

    def report(self, seconds: float) -> str:
        scores = "  ".join(f"{name} {np.mean(values):.3f}" for name, values in sorted(self.recent.items()))
        return f"{seconds / 60:6.1f} min  {self.steps:6d} steps  {self.steps * self.batch / seconds:5.1f} samples/s  {scores}"


def train(trainer: Trainer, minutes: float, half: bool) -> float:
    """Run until the budget is used; the seconds that it took."""
    start = reported = time.perf_counter()
    while (now := time.perf_counter()) - start < minutes * 60:
        trainer.step((now - start) / (minutes * 60), half)
        if now - reported > 60:
            print(trainer.report(now - start), flush=True)
            reported = now
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=45)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--bf16", action="store_true", help="only where the processor has bfloat16 (AVX-512, AMX)")
    parser.add_argument("--start", type=Path, help="finish this checkpoint or exported file instead of starting from scratch")
    parser.add_argument("--peak", type=float, help="highest learning rate")
    parser.add_argument("--all", action="store_true", help="train on the development images too: only when no choice is left to be made")
    parser.add_argument("--out", type=Path, default=Path("spark.pt"))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    parts: tuple[Part, ...] = ("training", "development") if arguments.all else ("training",)
    trainer = Trainer(arguments.seed, arguments.batch, arguments.start, arguments.peak, parts)
    seconds = train(trainer, arguments.minutes, arguments.bf16)
    print(trainer.report(seconds), flush=True)
    notes = {"steps": trainer.steps, "batch": arguments.batch, "seed": arguments.seed, "start": str(arguments.start or ""), "minutes": seconds / 60}
    torch.save({"model": trainer.average.state_dict(), "notes": notes}, arguments.out)


if __name__ == "__main__":
    main()
