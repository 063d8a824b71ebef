"""What stands written in a figure."""

import xml.etree.ElementTree as ElementTree


def texts(path):
    """Every text of an SVG file, in its order."""
    return " ".join(
        "".join(node.itertext()) for node in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    )
