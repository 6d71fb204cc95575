"""Pairs both sides: nodes by name, frames by video and index, instances by similarity.

Enters: the `PoseTable` of each side. Leaves: a `PosePairing`, from which all pose values follow.
"""
