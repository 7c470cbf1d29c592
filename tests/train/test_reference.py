"""A fixed job's float32 loss curve, to 1e-6; ``tests/train/reference.py`` says how to write it anew."""

from __future__ import annotations

import json

from train.comparing import assert_close_values
from train.reference import FILE, reference_curve


def test_the_loss_curve_is_the_one_written_down(tmp_path):
    expected = json.loads(FILE.read_text(encoding="utf-8"))
    assert len(expected) == 4
    assert_close_values(reference_curve(tmp_path), expected, 1e-6)
