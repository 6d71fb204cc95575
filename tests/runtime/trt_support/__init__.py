"""What only the tests of TensorRT share: a package, so that its `conftest` has a name of its own."""
