"""What the TensorRT engine decides before and around its calls of the GPU; testable without one.

`bindings` finds the installed TensorRT, `shapes` chooses the sizes an engine is built for, `build`
turns a graph into an engine, `cache` keeps engines from one run to the next, `plans` finds or
builds the engine that a run needs, `gpu` plans the memory of a run and makes the calls.
"""
