"""Work beside the script's own: its result, its failure, and that it holds nothing up."""

from threading import Event

import pytest

from election.counting.background import in_background
from election.model.errors import CannotRun


def test_the_work_goes_on_while_the_caller_does():
    begun, go_on = Event(), Event()

    def work(answer: int) -> int:
        begun.set()
        assert go_on.wait(10)
        return answer

    result = in_background(work, 42)
    assert begun.wait(10)
    assert not result.done()
    go_on.set()
    assert result.result(10) == 42


def test_what_the_work_raises_is_raised_where_its_result_is_asked_for():
    def work() -> None:
        raise CannotRun("no rights")

    with pytest.raises(CannotRun, match="no rights"):
        in_background(work).result(10)
