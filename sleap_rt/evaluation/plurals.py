"""Counts in sentences."""


def counted(number: int, thing: str) -> str:
    """`1 frame`, `2 frames`, `2 switches`."""
    plural = "es" if thing.endswith("ch") else "s"
    return f"{number} {thing}{'' if number == 1 else plural}"


def is_or_are(number: int) -> str:
    """The verb that goes with `number` things."""
    return "is" if number == 1 else "are"
