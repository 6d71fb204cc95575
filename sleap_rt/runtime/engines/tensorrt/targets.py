"""GPU architectures that an engine can be built for ahead of time."""

from dataclasses import dataclass

from sleap_rt.errors import OptionError

# Targets of TensorRT-RTX, with the GPUs of each for people who do not know the numbers.
_GPUS = {
    "sm75": "GeForce RTX 20, GTX 16, T4",
    "sm80": "A100, A30",
    "sm86": "GeForce RTX 30, RTX A2000 to A6000",
    "sm89": "GeForce RTX 40, L4, L40",
    "sm120": "GeForce RTX 50, RTX PRO Blackwell",
}


@dataclass(frozen=True)
class Target:
    """A GPU architecture.

    Attributes:
        name: e.g. `sm86`, which is compute capability 8.6.
    """

    name: str

    @property
    def api_name(self) -> str:
        """The name of TensorRT's constant."""
        return self.name.upper()


def parse_target(text: str) -> Target:
    """An architecture by its name, in any case.

    Raises:
        OptionError: engines cannot be built for it ahead of time.
    """
    name = text.strip().lower()
    if name not in _GPUS:
        known = "; ".join(f"{target} ({gpus})" for target, gpus in _GPUS.items())
        raise OptionError(f"No target named {text!r}; engines can be built for {known}")
    return Target(name)
