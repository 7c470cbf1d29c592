"""Nearly equal texts among hundreds of thousands, without comparing all pairs.

Signatures are cut into bands (locality-sensitive hashing; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets,
§3.4). Two texts of similarity .8 have some band in common with probability .95, of .9 with 1 − 10⁻⁴. In a crowded band
(texts from templates) a text is compared with its neighbours by length only; it meets others in the other bands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sharewise.audit.fingerprints import BINS, EMPTY, Fingerprints, in_threads, similarity
from sharewise.tasks import Array

THRESHOLD = 0.8
"""Estimated Jaccard similarity from which two texts are nearly equal."""
FEWEST_SHINGLES = 8
"""Shorter texts are alike by chance, and only compared as a whole."""
_BANDS = 16
_WIDTH = BINS // _BANDS


@dataclass(frozen=True, eq=False)
class Pairs:
    """Nearly equal texts: for each text that has a partner the likest one found.

    Attributes:
        one: int64 ``(pairs,)``: a text each.
        other: int64 ``(pairs,)``: its partner.
        similarity: float64 ``(pairs,)``.
    """

    one: Array
    other: Array
    similarity: Array


Direction = tuple[str, str]


def near_pairs(
    prints: Fingerprints, texts: Array, members: Mapping[str, Array], directions: Sequence[Direction]
) -> dict[Direction, Pairs]:
    """Find nearly equal texts.

    Args:
        prints: fingerprints of all rows.
        texts: int64 ``(texts,)``: a row for each different text.
        members: for each set of texts bool ``(texts,)``; a text may be in several.
        directions: pairs of sets: for texts of the first, partners in the second are looked for; where both are the
            same, partners that come earlier.

    Returns:
        For each direction its pairs; texts as indices into ``texts``.
    """
    texts = np.asarray(texts)
    long = prints.shingles[texts] >= FEWEST_SHINGLES
    size = prints.shingles[texts]

    def pairs_in(band: int) -> dict[Direction, list[Array]]:
        bins = prints.signatures[texts, band * _WIDTH : (band + 1) * _WIDTH]
        usable = np.flatnonzero(long & (bins != EMPTY).any(axis=1))
        keys = _keys(bins[usable])
        order = np.lexsort((usable, size[usable], keys))
        keys, ids = keys[order], usable[order]
        found = {}
        for direction in directions:
            seeking, sought = (members[name][ids] for name in direction)
            within = direction[0] == direction[1]
            found[direction] = _neighbours(keys, ids, seeking, sought, within=within)
        return found

    bands = in_threads(pairs_in, range(_BANDS))
    return {
        direction: _likest(
            prints, texts, np.concatenate([codes for band in bands for codes in band[direction]])
        )
        for direction in directions
    }


def _keys(bins: Array) -> Array:
    keys = np.zeros(len(bins), dtype=np.uint64)
    for column in bins.T:
        keys = (keys ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(29)
    return keys


def _neighbours(keys: Array, ids: Array, seeking: Array, sought: Array, *, within: bool) -> list[Array]:
    """Pairs of a text that seeks and its nearest sought ones before and after it, as ``one << 32 | other``."""
    positions = np.arange(len(ids))
    before = np.maximum.accumulate(np.where(sought, positions, -1))
    before = np.concatenate([[-1], before[:-1]])[: len(ids)]
    after = np.minimum.accumulate(np.where(sought, positions, len(ids))[::-1])[::-1]
    after = np.concatenate([after[1:], [len(ids)]])[: len(ids)]
    pairs = []
    for partner in (before, after):
        valid = np.flatnonzero(seeking & (partner >= 0) & (partner < len(ids)))
        valid = valid[keys[valid] == keys[partner[valid]]]
        one, other = ids[valid], ids[partner[valid]]
        if within:
            # Of two texts of one split the later one repeats the earlier.
            one, other = np.maximum(one, other), np.minimum(one, other)
        pairs.append(one << 32 | other)
    return pairs


def _likest(prints: Fingerprints, texts: Array, codes: Array) -> Pairs:
    codes = np.sort(codes)
    codes = codes[np.diff(codes, prepend=-1) != 0]
    one, other = codes >> 32, codes & 0xFFFFFFFF
    alike = similarity(prints.signatures, texts[one], texts[other])
    kept = np.flatnonzero(alike >= THRESHOLD)
    one, other, alike = one[kept], other[kept], alike[kept]
    order = np.lexsort((other, -alike, one))
    first = order[np.unique(one[order], return_index=True)[1]]
    return Pairs(one[first], other[first], alike[first])
