"""Writes augmentation.json: what torchvision's functional operators, and scikit-image's colour spaces,
make of one small picture. The tests of Video must come within 1/255.

Made with Python 3.11.7, torch 2.15.0, torchvision 0.29.2, scikit-image 0.26.0:

    python3 -m venv /tmp/vision-venv
    /tmp/vision-venv/bin/pip install torch==2.15.0 torchvision==0.29.2 scikit-image==0.26.0
    /tmp/vision-venv/bin/python Tests/Fixtures/torchvision/generate.py

The picture is 20×16, H·W·3 bytes: noise, with gray, black, white and saturated pixels among it. Every
result is C·H·W with H = W = 12, the cropped picture in 0…1 changed by the case's operator alone.
"""

import json
import pathlib

import numpy
import skimage
import skimage.color
import torch
import torchvision
import torchvision.transforms.v2.functional as vision

HEIGHT, WIDTH, SIDE = 16, 20, 12
CROP = {"x": 3, "y": 1, "width": 15, "height": 14}
CORNERS = [
    [0, 0, 0], [255, 255, 255], [90, 90, 90], [255, 0, 0], [0, 255, 0], [0, 0, 255],
    [255, 255, 0], [0, 255, 255], [255, 0, 255], [200, 200, 10],
]


def picture():
    random = numpy.random.default_rng(11)
    pixels = random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=numpy.uint8)
    for y, x in numpy.argwhere(random.random((HEIGHT, WIDTH)) < 0.2):
        pixels[y, x] = CORNERS[random.integers(len(CORNERS))]
    return pixels


def cropped(pixels):
    clip = torch.from_numpy(pixels).permute(2, 0, 1).double() / 255
    return vision.resized_crop(
        clip, CROP["y"], CROP["x"], CROP["height"], CROP["width"], [SIDE, SIDE], antialias=False)


def cases(plain):
    bilinear = vision.InterpolationMode.BILINEAR
    yield "crop", [], plain
    yield "flip", [], vision.horizontal_flip(plain)
    for degrees in [10, -33.5, 90, 171]:
        yield "rotate", [degrees], vision.rotate(plain, degrees, interpolation=bilinear)
    for width, sigma in [(3, 0.5), (5, 0.1), (5, 1.3), (15, 2.0), (23, 2.0)]:
        yield "blur", [width, sigma], vision.gaussian_blur(plain, [width, width], [sigma, sigma])
    for factor in [0.6, 1.4]:
        yield "brightness", [factor], vision.adjust_brightness(plain, factor)
        yield "contrast", [factor], vision.adjust_contrast(plain, factor)
        yield "saturation", [factor], vision.adjust_saturation(plain, factor)
    for turn in [-0.5, -0.2, 0.1, 0.35]:
        yield "hue", [turn], vision.adjust_hue(plain, turn)
    yield "gray", [], vision.rgb_to_grayscale(plain, num_output_channels=3)
    pixels = plain.permute(1, 2, 0).numpy()
    yield "lab", [], torch.from_numpy(skimage.color.rgb2lab(pixels)).permute(2, 0, 1)
    yield "ycbcr", [], torch.from_numpy(skimage.color.rgb2ycbcr(pixels)).permute(2, 0, 1)


def main():
    pixels = picture()
    content = {
        "torchvision": torchvision.__version__,
        "scikit-image": skimage.__version__,
        "width": WIDTH, "height": HEIGHT, "side": SIDE, "crop": CROP,
        "pixels": pixels.flatten().tolist(),
        "cases": [
            {"name": name, "arguments": arguments,
             "values": [round(value, 5) for value in result.flatten().tolist()]}
            for name, arguments, result in cases(cropped(pixels))
        ],
    }
    file = pathlib.Path(__file__).parent / "augmentation.json"
    file.write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
