"""Identities: tracked animals against true tracks -> HOTA, MOTA, IDF1, every switch.

Enters: for each video, frame after frame, the ids on both sides and their similarity matrix
(`TrackSequence`). Leaves: counts that add up over videos, and the values made from them, equal to
TrackEval's on the same matrices.
"""
