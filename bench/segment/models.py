"""The architectures that the benches run, with random weights: speed does not depend on the weights. The estimated quality is fixed at 0.95, because an
unsure model would be given a second opinion, which a trained one seldom needs.

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


def mobilesam():
    from samexporter.mobile_encoder.setup_mobile_sam import setup_model

    model = setup_model().eval()
    sure(model.mask_decoder)
    return model.image_encoder, SamOnnxModel(model, return_single_mask=False).eval(), SIDE, "sam"


def sam_vit_b():
    from segment_anything import build_sam_vit_b

    model = build_sam_vit_b().eval()
    sure(model.mask_decoder)
    return model.image_encoder, SamOnnxModel(model, return_single_mask=False).eval(), SIDE, "sam"


def efficientvit_sam_l2():
    from efficientsam.sam_model_zoo import create_efficientvit_sam_model

    model = create_efficientvit_sam_model("efficientvit-sam-l2", pretrained=False).eval()
    model.image_encoder.img_size = SIDE
    sure(model.mask_decoder)
    return model.image_encoder, SamOnnxModel(model, return_single_mask=False).eval(), 512, "sam"


def sam21_tiny():
    from sam2.build_sam import build_sam2
    from samexporter.export_sam2 import SAM2ImageDecoder, SAM2ImageEncoder

    model = build_sam2("configs/sam2.1/sam2.1_hiera_t.yaml", ckpt_path=None, device="cpu")
    sure(model.sam_mask_decoder)
    return SAM2ImageEncoder(model).eval(), SAM2ImageDecoder(model, multimask_output=True).eval(), SIDE, "sam2"


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
