"""The architectures that the benches run, with random weights: the speed of the network does not depend on them. Two things that a trained model gives are put
in: the estimated quality is 0.95 (an unsure model would be given a second opinion), and the masks are ellipses in the box (noise would be no mask).

Needs torch, torchvision, segment-anything, samexporter, sam2, efficientsam, onnx (docs/performance.md has the command).
"""

import torch
from segment_anything.utils.onnx import SamOnnxModel

SIDE = 1024
SURE = 0.95


def sure(decoder) -> None:
    """The quality head's last layer answers the same for everything."""
    last = decoder.iou_prediction_head.layers[-1]
    torch.nn.init.zeros_(last.weight)
    squashed = getattr(decoder.iou_prediction_head, "sigmoid_output", False)
    torch.nn.init.constant_(last.bias, float(torch.logit(torch.tensor(SURE))) if squashed else SURE)


class Ellipses(torch.nn.Module):
    """The decoder, with an ellipse in the box added to its small masks."""

    def __init__(self, decoder, family: str):
        super().__init__()
        self.decoder, self.family = decoder, family

    def forward(self, *feeds):
        outputs = list(self.decoder(*feeds))
        # SAM puts the corners of the box behind the clicks, SAM 2 before them.
        coords = feeds[1][0, -2:] if self.family == "sam" else feeds[3][0, :2]
        place = (torch.arange(256, device=coords.device) + 0.5) * (SIDE / 256)
        across, down = (((place - coords[:, axis].mean()) * 2 / (coords[1, axis] - coords[0, axis])) ** 2 for axis in (0, 1))
        at = 2 if self.family == "sam" else 0
        outputs[at] = outputs[at] * 1e-6 + 10 * (1 - across[None, :] - down[:, None])
        return tuple(outputs)


def mobilesam():
    from samexporter.mobile_encoder.setup_mobile_sam import setup_model

    model = setup_model().eval()
    sure(model.mask_decoder)
    return model.image_encoder, Ellipses(SamOnnxModel(model, return_single_mask=False), "sam").eval(), SIDE, "sam"


def sam_vit_b():
    from segment_anything import build_sam_vit_b

    model = build_sam_vit_b().eval()
    sure(model.mask_decoder)
    return model.image_encoder, Ellipses(SamOnnxModel(model, return_single_mask=False), "sam").eval(), SIDE, "sam"


def efficientvit_sam_l2():
    from efficientsam.sam_model_zoo import create_efficientvit_sam_model

    model = create_efficientvit_sam_model("efficientvit-sam-l2", pretrained=False).eval()
    model.image_encoder.img_size = SIDE
    sure(model.mask_decoder)
    return model.image_encoder, Ellipses(SamOnnxModel(model, return_single_mask=False), "sam").eval(), 512, "sam"


def sam21_tiny():
    from sam2.build_sam import build_sam2
    from samexporter.export_sam2 import SAM2ImageDecoder, SAM2ImageEncoder

    model = build_sam2("configs/sam2.1/sam2.1_hiera_t.yaml", ckpt_path=None, device="cpu")
    sure(model.sam_mask_decoder)
    return SAM2ImageEncoder(model).eval(), Ellipses(SAM2ImageDecoder(model, multimask_output=True), "sam2").eval(), SIDE, "sam2"


MODELS = {"mobilesam": mobilesam, "sam-vit-b": sam_vit_b, "efficientvit-sam-l2": efficientvit_sam_l2, "sam2.1-tiny": sam21_tiny}


def prompts(size=(1200, 1600)) -> dict:
    """One box, as two labelled corners."""
    return {"point_coords": torch.tensor([[[300.0, 300.0], [600.0, 550.0]]]), "point_labels": torch.tensor([[2.0, 3.0]]), "mask_input": torch.zeros(1, 1, 256, 256),
            "has_mask_input": torch.zeros(1), "orig_im_size": torch.tensor([float(side) for side in size])}


def decoder_feeds(encoded, family: str) -> dict:
    """Every input of the decoder by name, in its order. `encoded`: what the encoder gave."""
    if family == "sam":
        return {"image_embeddings": encoded, **prompts()}
    large, middle, embedding = encoded
    return {"image_embed": embedding, "high_res_feats_0": large, "high_res_feats_1": middle, **{k: v for k, v in prompts().items() if k != "orig_im_size"}}
