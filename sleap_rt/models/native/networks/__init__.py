"""Networks as plain torch modules, built from the tensors of a checkpoint."""

from sleap_rt.models.native.networks.features import Features
from sleap_rt.models.native.networks.pose_network import PoseNetwork, build_network
from sleap_rt.models.native.networks.weights import Weights

__all__ = ["Features", "PoseNetwork", "Weights", "build_network"]
