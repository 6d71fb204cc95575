"""Options of the commands: names, help and parsing; defaults and checks are the options' own."""
