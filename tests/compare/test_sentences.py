import pytest

from sharewise.compare.sentences import sentence
from sharewise.compare.verdict import Verdict

KNOWN = {
    "task": "no_hallucination",
    "arm": "hard",
    "baseline": "single",
    "metric": "mcc",
    "difference": 0.14,
    "interval": (0.03, 0.25),
    "interval_family": (-0.1, 0.4),
    "p": 0.01,
    "p_adjusted": 0.02,
    "m": 2,
    "seeds": 5,
    "df": 8.0,
    "variance": None,
    "deciding_rows": 50,
    "preliminary": False,
    "not_worse": None,
    "verdict": "helps",
    "detectable": 0.16,
    "margin": None,
    "margin_shown": None,
    "equivalent_p_adjusted": None,
    "marks": [],
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "Sharing (hard) helps no_hallucination by 14 points (3 to 25)."),
        (
            {"verdict": "hurts", "difference": -0.14, "interval": (-0.25, -0.03)},
            "Sharing (hard) hurts no_hallucination by 14 points (3 to 25).",
        ),
        (
            {"baseline": "small", "difference": 0.0123, "interval": (0.0002, 0.0244)},
            "Hard, compared with small, helps no_hallucination by 1.23 points (0.02 to 2.44).",
        ),
        (
            {"verdict": "equivalent", "difference": 0.001, "interval": (-0.004, 0.006), "margin": 0.01},
            "Sharing (hard) makes no difference to no_hallucination that matters: "
            "0.10 points (−0.40 to 0.60), margin 1 point.",
        ),
        (
            {
                "verdict": "inconclusive",
                "difference": -0.012,
                "interval": (-0.062, 0.038),
                "detectable": 0.0721,
            },
            "This data can't tell whether sharing (hard) helps or hurts no_hallucination: −1.2 points "
            "(−6.2 to 3.8); it could show a difference of 7.2 points.",
        ),
        (
            {
                "verdict": "inconclusive",
                "not_worse": True,
                "margin": 0.02,
                "difference": 0.012,
                "interval": (-0.012, 0.036),
                "detectable": 0.12,
            },
            "This data can't tell whether sharing (hard) helps or hurts no_hallucination: 1.2 points "
            "(−1.2 to 3.6), not worse by more than 2 points; it could show a difference of 12 points.",
        ),
        (
            {
                "verdict": "inconclusive",
                "p_adjusted": 0.09,
                "m": 9,
                "difference": 0.14,
                "interval": (0.03, 0.25),
            },
            "This data can't tell whether sharing (hard) helps or hurts no_hallucination: 14 points (3 to 25) taken "
            "alone, which is not enough among 9 comparisons; it could show a difference of 16 points.",
        ),
        (
            {"verdict": "inconclusive", "difference": -0.5, "interval": (-1.2, 0.2), "detectable": 1.01},
            "This data can't tell whether sharing (hard) helps or hurts no_hallucination: −50 points (−120 to 20); "
            "with so much noise it could show none.",
        ),
        (
            {"metric": "mae", "difference": 0.123, "interval": (0.05, 0.196)},
            "Sharing (hard) helps no_hallucination by 0.12 (MAE) (0.05 to 0.20).",
        ),
        (
            {"verdict": "inconclusive", "difference": 0.0, "interval": (0.0, 0.0), "deciding_rows": 0},
            "This data can't tell whether sharing (hard) helps or hurts no_hallucination: "
            "both answer every row alike, with every seed.",
        ),
        (
            {"verdict": "inconclusive", "interval": None, "marks": ["Other.", "No verdict: 2 seeds."]},
            "This data can't tell whether sharing (hard) helps or hurts no_hallucination. "
            "No verdict: 2 seeds.",
        ),
    ],
)
def test_sentences(changes, expected):
    assert sentence(Verdict(**{**KNOWN, **changes})) == expected
