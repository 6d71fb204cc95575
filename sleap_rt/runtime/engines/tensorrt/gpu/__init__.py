"""One engine on one GPU: its memory, its runs, the calls of CUDA and of TensorRT's runtime."""
