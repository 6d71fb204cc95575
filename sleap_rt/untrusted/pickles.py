"""Looks through a pickle before it is read: what it asks for, without doing any of it.

Which classes and functions a pickle may name is for its reader to decide; this is about its cost.
"""

import pickletools

_MOST_BYTES = 32 << 20
_MOST_STEPS = 1_000_000  # a checkpoint with its optimizer takes about 30,000
_MOST_TUPLES = 20_000  # a tuple in a tuple in ... : Python's hash of it needs that much stack
_TO_MEMO = ("PUT", "BINPUT", "LONG_BINPUT")
FAULTS = (  # what unpickling raises where it is damaged, beside UnpicklingError
    *(EOFError, KeyError, AttributeError, IndexError, TypeError, ValueError, ImportError),
    *(RuntimeError, RecursionError, OverflowError, MemoryError),
)


def check_pickle(data: bytes) -> None:
    """Refuse a pickle that would take memory or time out of all proportion.

    Raises:
        ValueError: it is no whole pickle, too long, claims more bytes than it has, or asks for a
            place in a table that it does not fill.
    """
    if len(data) > _MOST_BYTES:
        raise ValueError(f"its pickle has {len(data):,} bytes; at most {_MOST_BYTES:,} are read")
    n_tuples = 0
    for n_steps, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        n_tuples += opcode.name.startswith("TUPLE")
        if n_steps > _MOST_STEPS or n_tuples > _MOST_TUPLES:
            raise ValueError(f"its pickle has more than {_MOST_STEPS:,} steps, or too many tuples")
        if opcode.name in _TO_MEMO and argument is not None and argument > n_steps:
            raise ValueError("its pickle asks for a place in a table that it does not fill")
