# /// script
# dependencies = ["fonttools", "brotli"]
# ///
"""Cuts the four faces of static/fonts from the files of Fontsource: `uv run reviews/fonts/cut.py FOLDER`.

FOLDER holds the variable fonts of the npm packages @fontsource-variable/imbue, brygada-1918 and instrument-sans, which
come as one file of western letters and one of rarer ones. A page with a single ō would fetch both, of each face: so here
the letters that names are written with join the western ones, and the rest is left out. They are kerned as the letter
that they are made from.
"""

import sys
import unicodedata
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

FONTS = Path(__file__).parents[2] / "static" / "fonts"
WESTERN = [*range(0x20, 0x7F), *range(0xA0, 0x100), *range(0x2000, 0x2070), 0x20AC, 0x2122, 0x2212]
WESTERN += map(ord, "ıŒœʻʼˆ˚˜")
OF_NAMES = [code for code in range(0x100, 0x180) if code not in WESTERN]  # Latin Extended-A: Czech to Japanese
OF_NAMES += map(ord, "ƏəƠơƯưǍǎǏǐǑǒǓǔǦǧǪǫȘșȚțḌḍḤḥḪḫṆṇṚṛṢṣṬṭẀẁẂẃẄẅẒẓẞỲỳ")
STROKED = dict(zip("łŁđĐ", "lLdD", strict=True))
FEATURES = ["kern", "liga", "tnum", "pnum", "lnum"]
# Text and interface keep their weights; the display face and the italic are used in one.
FACES = {
    "imbue-{}-wght-normal.woff2": 500,
    "brygada-1918-{}-wght-normal.woff2": None,
    "brygada-1918-{}-wght-italic.woff2": 430,
    "instrument-sans-{}-wght-normal.woff2": None,
}


def opened(path: Path, weight: int | None) -> TTFont:
    """All of a font in memory, so that glyphs can be moved."""
    font = TTFont(path)
    if weight:
        font = instancer.instantiateVariableFont(font, {"wght": weight})
    font.ensureDecompiled()
    if "gvar" in font:
        font["gvar"].variations = dict(font["gvar"].variations.items())
    return font


def adopt(font: TTFont, other: TTFont, letters: list[int]) -> None:
    """Give a font these letters of another one, with the parts that they are composed of."""
    theirs, mine = other.getBestCmap(), font.getBestCmap()
    letters = [letter for letter in letters if letter in theirs]
    wanted, order = [theirs[letter] for letter in letters], font.getGlyphOrder()
    new = []
    for name in wanted:  # grows while it is read
        if name not in order and name not in new:
            new.append(name)
            wanted += other["glyf"][name].getComponentNames(other["glyf"])
    font.setGlyphOrder(order + new)
    font["glyf"].glyphOrder = font.getGlyphOrder()
    font["maxp"].numGlyphs = len(order) + len(new)
    for name in new:
        font["glyf"].glyphs[name] = other["glyf"][name]
        font["hmtx"].metrics[name] = other["hmtx"].metrics[name]
        if "gvar" in font:
            font["gvar"].variations[name] = other["gvar"].variations.get(name, [])
    for table in font["cmap"].tables:
        table.cmap |= {letter: theirs[letter] for letter in letters}
    kern_alike(font, {theirs[letter]: mine[plain(letter)] for letter in letters if plain(letter) in mine})


def plain(letter: int) -> int:
    """The letter without its marks."""
    return ord(STROKED.get(chr(letter)) or unicodedata.normalize("NFD", chr(letter))[0])


def kerning(font: TTFont) -> list:
    tables = [table for lookup in font["GPOS"].table.LookupList.Lookup for table in lookup.SubTable]
    tables = [getattr(table, "ExtSubTable", table) for table in tables]
    return [table for table in tables if table.LookupType == 2]


def kern_alike(font: TTFont, models: dict[str, str]) -> None:
    """Put each glyph in the classes of its model."""
    for table in kerning(font):
        if table.Format == 2:
            covered = table.Coverage.glyphs
            covered += [name for name, model in models.items() if model in covered and name not in covered]
            covered.sort(key=font.getGlyphID)
            for classes in (table.ClassDef1.classDefs, table.ClassDef2.classDefs):
                classes |= {name: classes[model] for name, model in models.items() if model in classes}


def kern_all_weights_alike(font: TTFont) -> None:
    """Forget how the kerning differs by weight: a fifth of the interface face, and nothing one could see."""
    for table in kerning(font):
        if table.Format == 1:
            pairs = [record for pairs in table.PairSet for record in pairs.PairValueRecord]
        else:
            pairs = [record for first in table.Class1Record for record in first.Class2Record]
        for pair in pairs:
            for value in (pair.Value1, pair.Value2):
                if hasattr(value, "XAdvDevice"):
                    del value.XAdvDevice
        table.ValueFormat1 &= 0x0F
        table.ValueFormat2 &= 0x0F


def cut(font: TTFont, target: Path) -> None:
    options = subset.Options(layout_features=FEATURES, hinting=False, flavor="woff2", notdef_outline=True)
    options.name_IDs = [0, 1, 2, 4, 6, 13, 14]
    options.drop_tables += ["HVAR", "MVAR", "STAT", "gasp", "prep"]  # the widths are in gvar, too
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=WESTERN + OF_NAMES)
    subsetter.subset(font)
    subset.save_font(font, str(target), options)


def main(folder: Path) -> None:
    for name, weight in FACES.items():
        font = opened(folder / name.format("latin"), weight)
        adopt(font, opened(folder / name.format("latin-ext"), weight), OF_NAMES)
        if name.startswith("instrument"):
            kern_all_weights_alike(font)
        cut(font, FONTS / name.format("latin"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
