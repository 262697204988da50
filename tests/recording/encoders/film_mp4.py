"""An MP4 film, compressed by FFmpeg."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from encoders.known import known_frames


def sample(folder: Path) -> Path:
    """MPEG-4, in colour, 25 frames a second."""
    import imageio_ffmpeg

    path = folder / "movie.mp4"
    frames = np.repeat(np.repeat(known_frames(np.uint8), 8, axis=1), 8, axis=2)
    writer = imageio_ffmpeg.write_frames(
        path, (64, 48), pix_fmt_in="gray", fps=25, codec="mpeg4", output_params=["-threads", "1"]
    )
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()
    return path
