"""A video file -> its frames by number, as models saw them in training.

container  opens the file and nothing else, chooses the stream
packets    what the container gives, each with its true time; finds damage
numbering  which number each time has, and which frames are lost
decoder    packets -> frames in the order of time, past damage
pixels     frames -> RGB or gray
"""

from sleap_rt.runtime.frames.video.file import DECODER, VideoFile

__all__ = ["DECODER", "VideoFile"]
