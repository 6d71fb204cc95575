"""How libraries that others load are loaded here."""
