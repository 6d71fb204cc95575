"""Which is compared with which: nodes by name, frames by video and number, instances by likeness.

Enters: the `PoseTable` of each side. Leaves: a `PosePairing`, from which all pose values follow.
"""
