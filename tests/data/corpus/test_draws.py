import numpy as np

from sharewise.data.corpus.draws import Draws


def test_same_name_same_numbers():
    np.testing.assert_array_equal(Draws(3, "ko").uniform("a", 5), Draws(3, "ko").uniform("a", 5))


def test_seed_language_and_name_each_change_them():
    numbers = [draws.uniform(name, 1)[0] for draws, name in (
        (Draws(3, "ko"), "a"), (Draws(4, "ko"), "a"), (Draws(3, "en"), "a"), (Draws(3, "ko"), "b"))]  # fmt: skip
    assert len(set(numbers)) == 4


def test_the_first_numbers_are_these_on_every_machine():
    np.testing.assert_array_equal(
        Draws(1, "ko").uniform("label of consistency", 3),
        [0.5121181204649738, 0.6498987828701801, 0.2894044032416029],
    )


def test_a_smaller_count_is_the_beginning():
    draws = Draws(0, "ja")
    np.testing.assert_array_equal(draws.uniform("a", 10), draws.uniform("a", 50)[:10])
    np.testing.assert_array_equal(draws.stratified("a", 10), draws.stratified("a", 2500)[:10])


def test_stratified_numbers_have_one_in_each_thousandth():
    numbers = Draws(0, "ja").stratified("a", 2000).reshape(2, 1000)
    for block in numbers:
        np.testing.assert_array_equal(np.sort(np.floor(block * 1000)), np.arange(1000))


def test_picks_stay_below_their_sizes():
    sizes = np.array([1, 2, 7] * 100)
    picked = Draws(0, "en").pick("a", sizes, 300)
    assert (picked >= 0).all()
    assert (picked < sizes).all()
    assert picked.max() == 6
