"""Writes NAME.encoder.onnx and NAME.decoder.onnx with random weights into a directory: python export.py DIRECTORY NAME"""

import sys
from pathlib import Path

import torch

from models import MODELS, decoder_feeds


def main(directory: str, name: str) -> None:
    out = Path(directory)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    encoder, decoder, side, family = MODELS[name]()
    with torch.no_grad():
        image = torch.randn(1, 3, side, side)
        feeds = decoder_feeds(encoder(image), family)
        torch.onnx.export(encoder, image, out / f"{name}.encoder.onnx", input_names=["image"], opset_version=17, dynamo=False,
                          output_names=["image_embeddings"] if family == "sam" else ["high_res_feats_0", "high_res_feats_1", "image_embed"])
        torch.onnx.export(decoder, tuple(feeds.values()), out / f"{name}.decoder.onnx", input_names=list(feeds), opset_version=17, dynamo=False,
                          dynamic_axes={key: {1: "points"} for key in ("point_coords", "point_labels")},
                          output_names=["masks", "iou_predictions", "low_res_masks"] if family == "sam" else ["masks", "iou_predictions"])


main(*sys.argv[1:])
