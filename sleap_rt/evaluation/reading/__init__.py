"""Labels files -> the arrays that are compared: poses, videos, images of frames."""
