"""Graphs for Bonsai.Sleap: certified graphs in, one `.onnx` and its metadata out."""
