"""Tests of `sleap_rt.evaluation`: cases worked by hand, plain loops, and the field's evaluators."""
