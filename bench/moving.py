"""The moving picture of the README, made from the screenshots: `python -m bench.moving`, after `bench.screenshots`."""

from PIL import Image

from election import PROJECT

IMAGES = PROJECT / "docs" / "images"
FRAMES = (
    "montreal-2013-counting-results-desktop-light.png",
    "montreal-2013-final-results-desktop-light.png",
    "montreal-2013-counting-places-desktop-light.png",
    "montreal-2013-final-places-desktop-light.png",
)
MOVING = IMAGES / "moving.gif"
WIDTH, HEIGHT, COLORS, FRAME_MILLISECONDS = 900, 640, 96, 2500


def frame(name: str) -> Image.Image:
    """The upper part of a screenshot, as wide as the README shows it."""
    with Image.open(IMAGES / name) as picture:
        shown = picture.convert("RGB").resize((WIDTH, WIDTH * picture.height // picture.width))
    return shown.crop((0, 0, WIDTH, HEIGHT)).quantize(COLORS)


if __name__ == "__main__":
    first, *others = map(frame, FRAMES)
    first.save(MOVING, save_all=True, append_images=others, duration=FRAME_MILLISECONDS, loop=0, optimize=True)
