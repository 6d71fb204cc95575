"""Which run it is: what its poses, tracks and results depend on, told by journals and results."""
