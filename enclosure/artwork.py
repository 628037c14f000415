"""Pictures that we draw ourselves: the weather, and a smile, which the firmware does not have. Pure."""

from enclosure.display import Bitmap


def drawn(picture: str) -> Bitmap:
    """A bitmap from rows of text, where # is a lit pixel."""
    rows = picture.strip("\n").split("\n")
    columns = zip(*rows, strict=True)
    return Bitmap(len(rows), tuple(sum((cell == "#") << y for y, cell in enumerate(column)) for column in columns))


SMILE = drawn(
    """
................................
................................
....##....................##....
.....##..................##.....
......###..............###......
........####........####........
...........##########...........
................................
"""
)

NOTE = drawn(
    """
...#####
...#...#
...#...#
...#...#
...#...#
.###.###
####.###
.##..##.
"""
)

WEATHER = tuple(
    map(
        drawn,
        (
            # sunny
            "...#....\n.#...#..\n..###...\n#.###.#.\n..###...\n.#...#..\n...#....\n........",
            # partly cloudy
            "...#....\n.#...#..\n..##....\n#.#####.\n..######\n########\n########\n.######.",
            # cloudy
            "........\n..###...\n.#####..\n.######.\n########\n########\n.######.\n........",
            # light rain
            "..###...\n.#####..\n########\n.######.\n........\n..#..#..\n........\n.#..#...",
            # rain
            "..###...\n.#####..\n########\n.######.\n.#.#.#..\n#.#.#...\n.#.#.#..\n#.#.#...",
            # thunderstorm
            "..###...\n.#####..\n########\n...##...\n..##....\n.####...\n..##....\n..#.....",
            # snow
            "...#....\n.#.#.#..\n..###...\n#######.\n..###...\n.#.#.#..\n...#....\n........",
            # wind
            "....##..\n......#.\n######..\n........\n#######.\n.......#\n####..#.\n....#...",
        ),
    )
)
"""By the `img_code` of enclosure.weather.display, 8 x 8 each."""
