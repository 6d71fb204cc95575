"""Images and poses in, pictures and videos of them out. Knows neither labels nor where they lie."""

from sleap_rt.rendering.files import write_picture, write_video
from sleap_rt.rendering.look import Look, look_for
from sleap_rt.rendering.poses import Animal, check_renderer, drawn
from sleap_rt.rendering.sheet import contact_sheet

__all__ = [
    "Animal",
    "Look",
    "check_renderer",
    "contact_sheet",
    "drawn",
    "look_for",
    "write_picture",
    "write_video",
]
