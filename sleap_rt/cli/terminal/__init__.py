"""How words, tables and help look on a terminal, and as plain text where there is none."""
