"""Properties of all weightings, stated once and run over each; values that their definitions imply, in one table."""

from __future__ import annotations

import json
import math

import pytest
import torch

from sharewise.weighting import GRADIENTS, LOSSES, WEIGHTINGS, build_weighting

TASKS = ("a", "b", "c")
# With equal losses and equal gradients g of three tasks the step is g times this: the mean has 1, the sum 3.
MULTIPLE = {
    "static": 3.0,
    "equal": 3.0,
    "uncertainty": 1.5,  # exp(-s) / 2 of each, at s = 0
    "dwa": 3.0,
    "imtl_l": 3.0,
    "geometric_mean": 1.0,
    "famo": 1.0,
    "random": 1.0,
    "stch": 1 / 3,  # preferences 1/3 times a softmax
    "pbi": math.sqrt(3.0),  # along a direction of length 1
    "cosmos": 1.0,
    "upgrad": 1.0,
    "dual_projection": 1.0,
    "pcgrad": 3.0,
    "cagrad": 1.4,  # 1 + radius
    "mgda": 1.0,
    "nash_mtl": 1 / 5,  # of length max_norm = 1; g is of length 5
    "imtl_g": 1.0,
    "aligned_mtl": 1.0,
    "gradvac": 3.0,
    "graddrop": 3.0,
    "fairgrad": math.sqrt(3.0) / 5,  # w |g|^2 3 = 1 / w
    "config": 3.0,
    "excess_mtl": 1.0,
}
# Of two tasks with the gradients (1, 0) and (-1, 1), worked out by hand.
CONFLICT = ((1.0, 0.0), (-1.0, 1.0))
BY_HAND = {
    # Each row is projected onto the cone where no task loses: (.5, .5) and (0, 1); their mean.
    "upgrad": (0.25, 0.75),
    # The mean (0, .5) harms neither task.
    "dual_projection": (0.0, 0.5),
    # Each is projected onto the other's normal plane: (.5, .5) + (0, 1).
    "pcgrad": (0.5, 1.5),
    # The shortest convex combination: .6 of the first.
    "mgda": (0.2, 0.4),
    # The mean, and .4 times its length along the first gradient, which is worst off.
    "cagrad": (0.2, 0.5),
    # u projects equally on both unit gradients: u (1, 0) = u (-1, 1) / sqrt 2, with weights that sum to 1.
    "imtl_g": (3 - 2 * math.sqrt(2), math.sqrt(2) - 1),
    # B = r G^(-1/2), where r = (sqrt 5 - 1) / 2 is the smallest eigenvalue's root, and G^(-1/2) is
    # [[3, 1], [1, 2]] / sqrt 5.
    "aligned_mtl": ((5 - math.sqrt(5)) / 20, 3 * (5 - math.sqrt(5)) / 20),
    # At first the target cosine is 0, as in PCGrad.
    "gradvac": (0.5, 1.5),
    # G w = 1 / w: w = (1.8478, 1.3066).
    "fairgrad": (math.sqrt(2 - math.sqrt(2)) / math.sqrt(2), math.sqrt(2 + math.sqrt(2)) / math.sqrt(2)),
    # Along the bisector u = (cos, sin) of 67.5 degrees, of the length of the gradients' projections, sin.
    "config": (math.sqrt(2) / 4, (2 + math.sqrt(2)) / 4),
}
# Multiplying every gradient by a number multiplies the result by its power of this; of the others it is 1.
DEGREE = {"nash_mtl": 0.0, "fairgrad": 0.0, "excess_mtl": None}
# Multiplying every loss by a number changes no coefficient, but of those that compare losses with a scale of their own.
WITH_A_SCALE = ("stch", "cosmos")


def make(name, tasks=TASKS, weights=None, **keys):
    method = WEIGHTINGS[name]
    return build_weighting(name, tasks, weights or dict.fromkeys(tasks, 1.0), method.options(**keys))


def combine(weighting, tasks, matrix):
    (found,) = weighting.aggregate(tasks, [matrix])
    return found


def losses(**values):
    return {name: torch.tensor(value) for name, value in values.items()}


def numbers(coefficients):
    return {task: float(c) for task, c in coefficients.items()}


@pytest.fixture(params=[m.name for m in LOSSES])
def of_losses(request):
    return request.param


@pytest.fixture(params=[m.name for m in GRADIENTS])
def of_gradients(request):
    return request.param


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(3)


def test_every_method_names_its_source_and_its_values():
    assert set(MULTIPLE) == set(WEIGHTINGS)
    assert all(method.source and name == method.name for name, method in WEIGHTINGS.items())


def test_equal_losses_give_the_multiple_of_the_mean(of_losses):
    found = numbers(make(of_losses).coefficients(0, losses(a=2.0, b=2.0, c=2.0)))
    assert sum(found.values()) == pytest.approx(MULTIPLE[of_losses], rel=1e-5)
    if of_losses != "random":
        assert len({round(c, 6) for c in found.values()}) == 1


def test_equal_gradients_give_the_multiple_of_the_mean(of_gradients):
    gradient = torch.tensor([3.0, 0.0, 4.0])
    found = combine(make(of_gradients), TASKS, gradient.repeat(3, 1))
    torch.testing.assert_close(found, MULTIPLE[of_gradients] * gradient, rtol=1e-3, atol=1e-4)


def test_one_task_is_left_as_it_is(of_losses):
    found = make(of_losses, ("a",)).coefficients(0, losses(a=0.7))
    assert numbers(found) == {"a": 1.0}


def test_one_gradient_is_left_as_it_is(of_gradients):
    gradient = torch.tensor([[3.0, 0.0, 4.0]])
    assert torch.equal(combine(make(of_gradients, ("a",)), ("a",), gradient), gradient[0])


@pytest.mark.parametrize("name", BY_HAND)
def test_two_conflicting_tasks_worked_out_by_hand(name):
    found = combine(make(name, ("a", "b")), ("a", "b"), torch.tensor(CONFLICT))
    torch.testing.assert_close(found, torch.tensor(BY_HAND[name]), rtol=1e-3, atol=1e-3)


def test_graddrop_keeps_a_sign_by_chance():
    """Of 1 and -1 the first column keeps either; the second, where nothing conflicts, keeps the sum."""
    weighting, matrix = make("graddrop", ("a", "b")), torch.tensor(CONFLICT)
    found = {tuple(combine(weighting, ("a", "b"), matrix).tolist()) for _ in range(30)}
    assert found == {(1.0, 1.0), (-1.0, 1.0)}


def test_nash_and_excess_worked_out_by_hand():
    # Orthogonal gradients of lengths 2 and 1: the bargain weighs them by 1 / length, cut to length 1.
    found = combine(make("nash_mtl", ("a", "b")), ("a", "b"), torch.tensor([[2.0, 0.0], [0.0, 1.0]]))
    torch.testing.assert_close(found, torch.tensor([1.0, 1.0]) / math.sqrt(2), rtol=1e-3, atol=1e-3)
    # The excess risks, sum of |g|, are 1 and 2: weights softmax(1, 2).
    found = combine(make("excess_mtl", ("a", "b")), ("a", "b"), torch.tensor(CONFLICT))
    share = 1 / (1 + math.exp(1.0))
    torch.testing.assert_close(found, torch.tensor([2 * share - 1, 1 - share]), rtol=1e-3, atol=1e-3)


def test_coefficients_worked_out_by_hand():
    two = losses(a=1.0, b=4.0)
    # d sqrt(ab) = (sqrt(b/a), sqrt(a/b)) / 2
    assert numbers(make("geometric_mean", ("a", "b")).coefficients(0, two)) == pytest.approx(
        {"a": 1.0, "b": 0.25}
    )
    # z / l over the sum of z / l, z = 1/2
    assert numbers(make("famo", ("a", "b")).coefficients(0, two)) == pytest.approx({"a": 0.8, "b": 0.2})
    # softmax(l / 2 / mu) / 2, mu = 1
    found = numbers(make("stch", ("a", "b"), smoothing=1.0).coefficients(0, two))
    share = 1 / (1 + math.exp(1.5))
    assert found == pytest.approx({"a": share / 2, "b": (1 - share) / 2})
    # w / |w| + theta times the direction off it: (1, 1) / sqrt 2 + theta (-1, 1) / sqrt 2
    found = numbers(make("pbi", ("a", "b"), theta=0.5).coefficients(0, two))
    assert found == pytest.approx({"a": 0.5 / math.sqrt(2), "b": 1.5 / math.sqrt(2)})
    # 1/2 - lambda d cos / dl; cos = (a + b) / sqrt(2 (a^2 + b^2))
    found = numbers(make("cosmos", ("a", "b"), similarity=1.0).coefficients(0, two))
    slope = [(1 / math.sqrt(34)) * (1 - 5 * value / 17) for value in (1.0, 4.0)]
    assert found == pytest.approx({"a": 0.5 - slope[0], "b": 0.5 - slope[1]})


def test_coefficients_that_no_loss_changes_worked_out_by_hand():
    two, own = losses(a=1.0, b=4.0), {"a": 3.0, "b": 0.5}
    assert numbers(make("static", ("a", "b"), own).coefficients(0, two)) == own
    assert numbers(make("equal", ("a", "b"), own).coefficients(0, two)) == {"a": 1.0, "b": 1.0}
    # The softmax of standard normal numbers.
    torch.manual_seed(5)
    found = numbers(make("random", ("a", "b")).coefficients(0, two))
    torch.manual_seed(5)
    assert list(found.values()) == pytest.approx(torch.softmax(torch.randn(2), dim=0).tolist())


def test_uncertainty_and_imtl_learn_their_weights():
    """ds of (exp(-s) l + s) / 2 is (1 - l) / 2: a loss over 1 loses weight; of exp(s) l - s it is l - 1."""
    for name in ("uncertainty", "imtl_l"):
        weighting = make(name, ("a", "b"), rate=0.1)
        first = numbers(weighting.coefficients(0, losses(a=0.5, b=2.0)))
        second = numbers(weighting.coefficients(1, losses(a=0.5, b=2.0)))
        # Adam's first step is of the length of its rate.
        assert [second[t] / first[t] for t in "ab"] == pytest.approx(
            [math.exp(0.1), math.exp(-0.1)], rel=1e-4
        )


def test_dwa_weighs_by_how_slowly_a_loss_falls():
    weighting = make("dwa", ("a", "b"), temperature=1.0)
    for epoch, values in enumerate([losses(a=1.0, b=1.0), losses(a=0.5, b=1.0)]):
        assert numbers(weighting.coefficients(epoch, values)) == {"a": 1.0, "b": 1.0}
        weighting.after_epoch()
    found = numbers(weighting.coefficients(2, losses(a=0.4, b=0.9)))
    share = 1 / (1 + math.exp(0.5))
    assert found == pytest.approx({"a": 2 * share, "b": 2 * (1 - share)})


def test_famo_weighs_what_fell_less():
    weighting = make("famo", ("a", "b"))
    before = numbers(weighting.coefficients(0, losses(a=1.0, b=1.0)))
    weighting.after_update(lambda: losses(a=0.5, b=1.0))
    after = numbers(weighting.coefficients(1, losses(a=1.0, b=1.0)))
    assert before == pytest.approx({"a": 0.5, "b": 0.5})
    assert after["b"] > 0.5 > after["a"]


@pytest.mark.parametrize("name", ["geometric_mean", "famo"])
def test_a_losses_unit_does_not_matter(name):
    """Both work on logarithms: what a loss contributes, coefficient times loss, is the same in any unit."""
    shares = []
    for values in ({"a": 1.0, "b": 2.0, "c": 3.0}, {"a": 10.0, "b": 2.0, "c": 3.0}):
        found = numbers(make(name).coefficients(0, losses(**values)))
        total = sum(found[t] * values[t] for t in TASKS)
        shares.append({t: found[t] * values[t] / total for t in TASKS})
    assert shares[0] == pytest.approx(shares[1], rel=1e-4)


def test_columns_may_come_in_blocks(of_gradients):
    matrix = torch.tensor([[1.0, 0.5, 0.2], [0.3, 1.0, -0.1], [-0.2, 0.4, 1.0]])
    torch.manual_seed(0)
    whole = combine(make(of_gradients), TASKS, matrix)
    torch.manual_seed(0)
    blocks = make(of_gradients).aggregate(TASKS, [matrix[:, :1], matrix[:, 1:]])
    torch.testing.assert_close(torch.cat(blocks), whole)


def test_scaling_all_gradients_scales_the_result(of_gradients):
    matrix = torch.tensor([[1.0, 0.5, 0.2], [0.3, 1.0, -0.1], [-0.2, 0.4, 1.0]])
    degree = DEGREE.get(of_gradients, 1.0)
    if degree is None:
        return
    found = []
    for factor in (1.0, 3.0):
        torch.manual_seed(0)
        found.append(combine(make(of_gradients), TASKS, factor * matrix))
    torch.testing.assert_close(found[1], 3.0**degree * found[0], rtol=1e-2, atol=1e-3)


def test_scaling_all_losses_changes_no_coefficient(of_losses):
    found = []
    for factor in (1.0, 3.0):
        torch.manual_seed(0)
        values = {"a": 1.0 * factor, "b": 2.0 * factor, "c": 3.0 * factor}
        found.append(numbers(make(of_losses).coefficients(0, losses(**values))))
    if of_losses in WITH_A_SCALE:
        assert found[1] != pytest.approx(found[0], rel=1e-3)
    else:
        assert found[1] == pytest.approx(found[0], rel=1e-4)


def test_a_smooth_maximum_sees_differences_alone():
    """softmax((l + c) / mu) = softmax(l / mu)."""
    found = [
        numbers(make("stch").coefficients(0, losses(a=1.0 + c, b=1.2 + c, c=0.9 + c))) for c in (0.0, 5.0)
    ]
    assert found[1] == pytest.approx(found[0], rel=1e-3)


@pytest.mark.parametrize("name", ["nash_mtl", "fairgrad"])
def test_a_gradients_unit_changes_no_direction_of_the_bargain(name):
    """The solution of G w = 1 / w combines unit gradients: w_t g_t doesn't depend on the length of g_t."""
    matrix = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    one = combine(make(name, ("a", "b")), ("a", "b"), matrix)
    other = combine(make(name, ("a", "b")), ("a", "b"), matrix * torch.tensor([[4.0], [1.0]]))
    torch.testing.assert_close(one / one.norm(), other / other.norm(), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(
    "name", ["upgrad", "dual_projection", "mgda", "cagrad", "imtl_g", "aligned_mtl", "config"]
)
def test_no_task_is_harmed_where_two_conflict(name):
    matrix = torch.tensor(CONFLICT)
    assert (matrix @ combine(make(name, ("a", "b")), ("a", "b"), matrix) >= -1e-4).all()


def test_tasks_weights_multiply_losses_first(of_losses):
    if not WEIGHTINGS[of_losses].weights:
        weighting = make(of_losses, weights={"a": 2.0, "b": 1.0, "c": 1.0})
        assert numbers(weighting.coefficients(0, losses(a=1.0, b=1.0, c=1.0))) == dict.fromkeys(TASKS, 1.0)
        return
    torch.manual_seed(0)
    weighted = make(of_losses, weights={"a": 2.0, "b": 1.0, "c": 0.5})
    found = numbers(weighted.coefficients(0, losses(a=1.0, b=2.0, c=3.0)))
    torch.manual_seed(0)
    plain = numbers(make(of_losses).coefficients(0, losses(a=2.0, b=2.0, c=1.5)))
    assert found == pytest.approx({"a": 2.0 * plain["a"], "b": plain["b"], "c": 0.5 * plain["c"]})


def test_a_step_that_is_tried_again_teaches_nothing_twice(of_losses):
    once, twice = make(of_losses), make(of_losses)
    for weighting, tries in ((once, 1), (twice, 2)):
        for step in range(2):
            for _ in range(tries):
                torch.manual_seed(step)
                last = numbers(weighting.coefficients(step, losses(a=1.0, b=2.0, c=3.0)))
        weighting.last = last
    assert once.last == twice.last
    assert once.state()[1] == twice.state()[1]


def _sitting(weighting, steps):
    """Some steps on losses and gradients that differ in each; what comes out."""
    found = []
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        torch.manual_seed(step)
        if weighting.method.gradients:
            found.append(combine(weighting, TASKS, torch.randn(3, 6, generator=generator)).tolist())
        else:
            values = torch.rand(3, generator=generator) + 0.5
            found.append(numbers(weighting.coefficients(step, dict(zip(TASKS, values, strict=True)))))
            weighting.after_update(lambda values=values: dict(zip(TASKS, values * 0.9 - 0.1, strict=True)))
        if step % 2:
            weighting.after_epoch()
    return found


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_what_it_remembers_goes_on_bit_for_bit(name):
    """State goes through JSON and plain tensors, as in a checkpoint."""
    whole, first, second = make(name), make(name), make(name)
    expected = _sitting(whole, range(6))
    before = _sitting(first, range(3))
    tensors, values = first.state()
    assert all(t.is_contiguous() for t in tensors.values())
    second.load_state(tensors, json.loads(json.dumps(values)))
    assert before + _sitting(second, range(3, 6)) == expected
    assert second.take_log() == whole.take_log()


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_the_log_is_the_mean_coefficient(name):
    weighting = make(name)
    found = _sitting(weighting, range(2))
    log = weighting.take_log()
    if name in ("static", "equal", "graddrop", "config"):
        assert log == {}
    elif WEIGHTINGS[name].gradients:
        assert set(log) == set(TASKS)
    else:
        assert log == pytest.approx({t: (found[0][t] + found[1][t]) / 2 for t in TASKS})
    assert weighting.take_log() == {}


def test_methods_that_remember_something_of_each_task_say_so():
    for name, method in WEIGHTINGS.items():
        bases = type(method.make(3, method.options())).__mro__
        assert method.every_task >= any(base.__name__ == "Stateful" for base in bases), name
