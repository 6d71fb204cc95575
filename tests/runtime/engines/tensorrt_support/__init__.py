"""What only the tests of TensorRT share; a package, so that its `conftest` has its own name."""
