"""What is kept of the rejected messages: how many for each reason, and how far each partition is read."""

from hypothesis import given
from hypothesis import strategies as st

from election.model.messages import Reason
from election.results.rejections import Rejections

# Bad messages as they lie on votes_topic, a partition's in their order; and where the count was killed and began again.
logs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**12), st.sampled_from(list(Reason))), max_size=40).map(
    lambda log: sorted({(partition, offset): reason for partition, offset, reason in log}.items())
)


@given(logs, st.randoms(use_true_random=False))
def test_a_count_that_starts_again_repeats_only_a_suffix_which_counts_once(log, random):
    rejected, again = Rejections(), Rejections()
    killed = random.randint(0, len(log))
    checkpoint = random.randint(0, killed)
    for (partition, offset), reason in log:
        rejected.add(partition, offset, reason)
    seen = [again.add(*place, reason) for place, reason in [*log[:killed], *log[checkpoint:]]]
    assert seen == [True] * killed + [False] * (killed - checkpoint) + [True] * (len(log) - killed)
    assert (again.by_reason, again.highest) == (rejected.by_reason, rejected.highest)
    assert len(again) == len(log)
