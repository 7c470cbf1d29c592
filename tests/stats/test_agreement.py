from __future__ import annotations

import numpy as np
import pytest

from sharewise.stats.agreement import Ballots, another_rater, krippendorff_alpha, majorities, one_rater

# The reliability data of Krippendorff, Computing Krippendorff's alpha-reliability (2011), 4 observers, 12 units.
PUBLISHED = [
    "123321412...",
    "1233224125.3",
    ".333234225 1.".replace(" ", ""),
    "123324412 51.".replace(" ", ""),
]


def counts(observers: list[str]) -> np.ndarray:
    votes = np.zeros((12, 5), dtype=np.int64)
    for line in observers:
        for unit, value in enumerate(line):
            if value != ".":
                votes[unit, int(value) - 1] += 1
    return votes


def test_alpha_is_the_published_one():
    assert krippendorff_alpha(Ballots.of(counts(PUBLISHED))) == pytest.approx(0.743, abs=5e-4)


def test_alpha_of_full_and_of_no_agreement():
    assert krippendorff_alpha(Ballots.of(np.array([[3, 0], [0, 3], [2, 0]]))) == 1
    assert krippendorff_alpha(Ballots.of(np.array([[1, 1]] * 50))) < 0.02
    assert np.isnan(krippendorff_alpha(Ballots.of(np.array([[3, 0], [3, 0]]))))


def test_rows_with_a_single_vote_say_nothing():
    votes = np.array([[3, 0], [0, 3], [2, 1]])
    more = np.vstack([votes, [[1, 0], [0, 1], [0, 0]]])
    assert krippendorff_alpha(Ballots.of(more)) == krippendorff_alpha(Ballots.of(votes))
    assert np.array_equal(one_rater(Ballots.of(more)), one_rater(Ballots.of(votes)))


def test_ballots_hold_the_votes_of_every_row():
    draw = np.random.default_rng(2)
    # Of 40 labels a ballot is too large for one number.
    for votes in (
        draw.integers(0, 3, (300, 2)),
        draw.integers(0, 4, (300, 40)) * (draw.random((300, 40)) < 0.02),
    ):
        ballots = Ballots.of(votes)
        assert np.array_equal(ballots.votes[ballots.of_row], votes)
        assert ballots.times.sum() == 300
        assert len(np.unique(ballots.votes, axis=0)) == len(ballots.votes)
        assert np.array_equal(ballots.rated[ballots.of_row], votes.sum(axis=1) >= 2)
        assert np.array_equal(ballots.disputed[ballots.of_row], (votes > 0).sum(axis=1) > 1)


def test_majorities_share_ties():
    votes = np.array([[2, 1, 0], [1, 1, 0], [0, 0, 0]])
    assert np.array_equal(majorities(votes), [[1, 0, 0], [0.5, 0.5, 0], [0, 0, 0]])


def test_one_rater_by_hand():
    # Of 3:0 everybody is right, of 2:1 two of three.
    assert one_rater(Ballots.of(np.array([[3, 0], [1, 2]]))) == pytest.approx(
        np.array([[0.5, 0], [1 / 6, 1 / 3]])
    )


def test_another_rater_by_hand():
    # Of 2:1 the odd one out meets two who agree, each of the two a tie.
    assert another_rater(Ballots.of(np.array([[2, 1]]))) == pytest.approx(
        np.array([[1 / 3, 1 / 3], [1 / 3, 0]])
    )


def test_a_rater_scores_less_against_the_others_than_against_all():
    votes = np.random.default_rng(1).multinomial(5, [0.5, 0.3, 0.2], size=400)
    assert np.trace(another_rater(Ballots.of(votes))) < np.trace(one_rater(Ballots.of(votes)))
    assert one_rater(Ballots.of(votes)).sum() == pytest.approx(1)
    assert another_rater(Ballots.of(votes)).sum() == pytest.approx(1)
