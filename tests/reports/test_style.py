"""One appearance per name, whatever the order; sizes are millimetres."""

from matplotlib.colors import to_rgb

from reports.style import COLOURS, appearances, inches


def test_the_same_names_get_the_same_appearance_in_any_order():
    assert appearances(["b", "a", "c", "a"]) == appearances(["c", "b", "a"])


def test_seventy_names_look_different():
    looks = appearances([f"n{i:02d}" for i in range(70)]).values()
    assert len({(look.colour, look.marker) for look in looks}) == 70


def test_the_first_colours_differ_in_grey():
    # Luma of ITU-R BT.601: what a grey printer makes of them.
    luma = sorted(0.299 * r + 0.587 * g + 0.114 * b for r, g, b in map(to_rgb, COLOURS[:2]))
    assert luma[1] - luma[0] > 0.05


def test_an_inch_is_25_4_mm():
    assert inches(50.8) == (2.0,)
