from __future__ import annotations

import signal
import threading

import pytest

from sharewise.train.interrupt import interruptible


def test_the_first_ctrl_c_is_noted_and_the_second_stops_at_once():
    with interruptible() as event:
        assert not event.is_set()
        signal.raise_signal(signal.SIGINT)
        assert event.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("error", [None, RuntimeError])
def test_the_handler_of_before_comes_back(error):
    before = signal.getsignal(signal.SIGINT)
    try:
        with interruptible():
            assert signal.getsignal(signal.SIGINT) is not before
            if error:
                raise error
    except RuntimeError:
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_another_thread_sets_no_handler():
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with interruptible() as event:
            seen.extend([signal.getsignal(signal.SIGINT), event.is_set()])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before, False]
