"""How good the paired poses are: one file for each kind of value, arrays in, numbers out."""
