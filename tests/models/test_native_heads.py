"""Model folders whose head or settings are not supported: refused by name."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from sleap_rt.errors import ModelError
from sleap_rt.models.native.load_native import load_native_model

SKELETON = {"name": "animal", "nodes": [{"name": "nose"}], "edges": []}


def write(folder: Path, head: dict[str, Any], **preprocessing: Any) -> Path:
    document = {
        "data_config": {"preprocessing": preprocessing, "skeletons": [SKELETON]},
        "model_config": {
            "backbone_config": {"unet": {"max_stride": 8}, "convnext": None},
            "head_configs": {"centroid": None, **head},
        },
    }
    (folder / "training_config.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    tensors = {"model.backbone.conv.weight": torch.zeros(1)}
    torch.save({"state_dict": tensors}, folder / "best.ckpt")
    return folder


@pytest.mark.parametrize(
    ("head", "gives"),
    [
        ("bottomup_segmentation", "masks"),
        ("centered_instance_segmentation", "masks"),
        ("semantic_segmentation", "masks"),
        ("bbox_centernet", "boxes"),
        ("bbox_ssd", "boxes"),
        ("embedding", "embeddings"),
    ],
)
def test_a_head_that_gives_no_poses_is_named(head, gives, tmp_path):
    folder = write(tmp_path, {head: {"output_stride": 2}})
    with pytest.raises(ModelError, match=f"'{head}' are not supported: it gives {gives}") as found:
        load_native_model(folder)
    assert "single_instance, centroid, centered_instance, bottomup" in str(found.value)


@pytest.mark.parametrize(
    ("head", "preprocessing", "words"),
    [
        ({}, {}, "sets none; exactly one of single_instance"),
        ({"centroid": {}, "bottomup": {}}, {}, "sets centroid, bottomup; exactly one"),
        ({"centered_instance": {"confmaps": {}}}, {}, "crop_size is missing"),
        ({"multi_class_topdown": {"class_vectors": {}}}, {"crop_size": 8}, "classes is empty"),
        ({"bottomup": {"pafs": {}}}, {}, r"1 node\(s\) and 0 edge\(s\)"),
        ({"centroid": {"confmaps": {}}}, {"tiling": {"enabled": True}}, "tiled inference"),
        ({"centroid": {"confmaps": {"centroid_method": "tip"}}}, {}, "'tip'; supported: anchor"),
    ],
)
def test_a_configuration_that_cannot_be_honoured_is_refused(head, preprocessing, words, tmp_path):
    with pytest.raises(ModelError, match=words):
        load_native_model(write(tmp_path, head, **preprocessing))
