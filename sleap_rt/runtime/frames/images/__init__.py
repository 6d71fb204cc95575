"""Image files -> frames: folders and lists of images, and TIFF files whose pages are frames.

Headers are looked at before anything is decoded: what a file declares is what reading it may cost.
"""
