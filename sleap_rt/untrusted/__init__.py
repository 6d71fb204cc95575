"""Reads pieces of files that nobody vouches for: what they may cost, and how messages quote them.

Raises ValueError with words for the message; callers say which file it is. The limits are listed in
SECURITY.md.
"""

from sleap_rt.untrusted.quoting import listed, quoted

__all__ = ["listed", "quoted"]
