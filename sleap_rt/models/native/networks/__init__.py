"""Networks as plain torch modules, built from the tensors of a checkpoint."""

from sleap_rt.models.native.networks.features import Features
from sleap_rt.models.native.networks.pose_network import BackboneSpec, PoseNetwork, build_network
from sleap_rt.models.native.networks.weights import Weights

__all__ = ["BackboneSpec", "Features", "PoseNetwork", "Weights", "build_network"]
