"""PyTorch's times for the same architecture, for the comparison in bench/segment.ts: python torch_times.py NAME ROUNDS → one line of JSON."""

import json
import sys
import time

import torch

from models import MODELS, decoder_feeds

BATCH = 8


def timed(work, rounds: int, device: str) -> list[float]:
    """Milliseconds of each round after two to warm up; a GPU is waited for."""
    times = []
    for _ in range(rounds + 2):
        began = time.perf_counter()
        work()
        if device == "cuda":
            torch.cuda.synchronize()
        times.append((time.perf_counter() - began) * 1000)
    return times[2:]


def main(name: str, rounds: str) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(1)
    encoder, decoder, side, family = MODELS[name]()
    encoder, decoder = encoder.to(device), decoder.to(device)
    with torch.inference_mode():
        image = torch.randn(1, 3, side, side, device=device)
        encoded = encoder(image)
        feeds = {key: value.to(device) for key, value in decoder_feeds(encoded, family).items()}
        n = int(rounds)
        result = {
            "device": torch.cuda.get_device_name() if device == "cuda" else f"cpu, {torch.get_num_threads()} threads", "cuda": device == "cuda", "torch": torch.__version__,
            "encode": timed(lambda: encoder(image), max(3, n // 4), device), "decode": timed(lambda: decoder(*feeds.values()), n, device), "batch": BATCH,
        }
        many = image.expand(BATCH, -1, -1, -1).contiguous()
        # SAM 2's export wrapper keeps one picture; its own encoder takes many.
        whole = encoder if family == "sam" else encoder.image_encoder
        result["batchEncode"] = timed(lambda: whole(many), 2, device)
        result["gpuMiB"] = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else None
    print(json.dumps(result))


main(*sys.argv[1:])
