"""Messages for votes_topic, good and bad: a corpus of what people and machines send, and strategies for more."""

import json

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

Raw = tuple[bytes | None, bytes | None]
VOTER, CANDIDATE = "3b1f2c00-0000-4000-8000-000000000001", "1"
NOON = "2026-05-07T12:00:00.000000+00:00"
HOSTILE = (
    *("'; DROP TABLE votes; --", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "{{7*7}}${7*7}", "%s%n"),
    *("\x00", "a\tb\nc\r\\.", "\\N", "\u202eright to left", "\ufeffbom", "😀", "e\u0301", "../../etc/passwd"),
)


def vote(**changes: object) -> dict[str, object]:
    """The fields of a good vote, with changes."""
    return {"voter_id": VOTER, "candidate_id": CANDIDATE, "voting_time": NOON, "vote": 1, **changes}


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in vote().items() if key != name}


def message(fields: object, key: str = VOTER) -> Raw:
    return key.encode(), json.dumps(fields).encode()


def text_message(text: str) -> Raw:
    return VOTER.encode(), text.encode()


def _split(text: str) -> list[str]:
    return text.split()


TIMES = _split("""
2026-05-07T12:00:00Z  2026-05-07T12:00:00.1Z  2026-05-07T12:00:00.123456+00:00  2024-02-29T23:59:59Z
1000-01-01T00:00:00Z  2999-12-31T23:59:59.999999Z  1582-10-10T00:00:00Z  1900-02-28T00:00:00Z
""")
NO_TIMES = _split("""
now  2026-05-07  12:00:00Z  2026-05-07T12:00:00  2026-05-07T12:00Z  Z  epoch  infinity  1778155200  20260507T120000Z
2026-02-29T12:00:00Z  2026-13-01T00:00:00Z  2026-00-10T00:00:00Z  2026-05-32T00:00:00Z  1900-02-29T00:00:00Z
2026-05-07T24:00:00Z  2026-05-07T12:60:00Z  2026-05-07T12:00:60Z  2026-05-07T12:00:61Z  2026-05-07t12:00:00z
2026-05-07T12:00:00+01:00  2026-05-07T12:00:00-00:00  2026-05-07T12:00:00+00  2026-05-07T12:00:00UTC
2026-05-07T12:00:00.1234567Z  2026-05-07T12:00:00.Z  2026-05-07T12:00:00,5Z  +2026-05-07T12:00:00Z
2026-W19-4T12:00:00Z  2026-127T12:00:00Z  0000-01-01T00:00:00Z  9999-12-31T23:59:59Z  -2026-05-07T12:00:00Z
２０２６-05-07T12:00:00Z
""")
NO_TIMES += ["", "2026-05-07 12:00:00Z", " 2026-05-07T12:00:00Z", "2026-05-07T12:00:00Z ", "2026-05-07T12:00:00Z\n"]
NO_ONES = (0, -1, 2, 1.5, 10**18, 2**63 - 1)
NO_WHOLE_NUMBERS = (
    *(1.0, 0.1, 1e300, float("nan"), float("inf"), 2**63, -(2**63) - 1, 10**30),
    *("1", True, False, None, [1], {"a": 1}),
)
NO_VOTES = r"""
null
true
1
"text"
[]
[1, 2]
{}
{
}
{}{}
{} {}
nonsense
NaN
{]
{'vote': 1}
{"vote": 1,}
{"vote": 01}
{"vote": +1}
{"vote": .5}
{"vote": 1}x
{"a": "\x"}
{"a": "\u12"}
{"a": "\ud800"}
{"a": "\udc00\ud800"}
{"a": 1e999}
{/* */}
{#}
{"a": undefined}
<xml/>
voter_id=1&vote=1
{"a": "unterminated
{"a" 1}
{1: 1}
""".strip().splitlines()
GOOD = json.dumps(vote())
# What the number of a good vote is replaced by: some of these are still a good vote.
NUMBERS = (
    *("1e0", "1.0", "-0", f"{-(2**63)}", '[[1, ["a"]], 2]', "[1,]", "Infinity", "-Infinity", "1." + "0" * 5000),
    *("1" + "0" * zeros for zeros in (400, 2000, 5000)),
)
ODD_TEXTS = (
    *(" ", "\n", "\x00", '{"a": "tab\there"}', "[" * 5000, '{"a":' * 2000),
    *(before + GOOD for before in ("\ufeff", "\u00a0", "\x0b", GOOD)),
    *(GOOD + after for after in ("\x00", "\n")),
    *(GOOD[:-1] + f", {more}}}" for more in ('"vote": 1', '"vote": 2', '"voter_id": "another"')),
    *(GOOD.replace('"vote": 1', f'"vote": {number}') for number in NUMBERS),
    *("{" + space + GOOD[1:] for space in ("\x00", "\u00a0")),
    f" \t\r\n{GOOD} \t\r\n",
    json.dumps(vote(), indent=2),
    GOOD.replace('"vote"', '"vo\\u0074e"'),
    GOOD.replace('"vote"', '"' + "vote" * 50_000 + '"'),
    GOOD.replace('"candidate_id": "1"', '"candidate_id": "1\\/\\u007f\\\\u0041"'),
    GOOD.replace("1", "１"),
    *(json.dumps(wrapped) for wrapped in ([vote()], {"vote": vote()}, GOOD)),
    *(GOOD.replace(f'"{VOTER}"', "[" * deep + "]" * deep) for deep in (499, 500, 501, 995, 1200, 5000)),
    *(
        GOOD.replace(VOTER, text)
        for text in (r"\\ud800", r"\\ud800\udc00", r"\\\ud800\udc00", r"\\\ud800", r"\\\\ud800\udc00")
    ),
)
LONE = b'{"voter_id": "\\ud800", "candidate_id": "1", "voting_time": "2026-05-07T12:00:00Z", "vote": 1}'
CORPUS: tuple[Raw, ...] = (
    *((key, GOOD.encode()) for key in (VOTER.encode(), None, b"", b"\xff", VOTER.upper().encode())),
    *((key, value) for key in (VOTER.encode(), None) for value in (None, b"")),
    *(text_message(text) for text in (*NO_VOTES, *ODD_TEXTS)),
    *((VOTER.encode(), value) for value in (b"\xed\xa0\x80", b'{"a": "\xc0\x80"}', bytes(range(256)), b"z" * 900_000)),
    (VOTER.encode(), GOOD.encode("utf-16")),
    (VOTER.encode(), json.dumps(vote(candidate_id="é"), ensure_ascii=False).encode("latin-1")),
    *((VOTER.encode(), GOOD.replace('"1"', f'"{text}"').encode()) for text in ("\\ud800", "\\ud83d\\ude00")),
    *((key, LONE) for key in (b"\xed\xa0\x80", b"?")),
    *(message(without(name)) for name in vote()),
    *(message(vote(**more)) for more in ({"extra": 1}, {"comment": "hello"}, {"candidate_id": "a{b}"})),
    *(message(vote(vote=number)) for number in (*NO_ONES, *NO_WHOLE_NUMBERS)),
    *(message(vote(voting_time=time)) for time in (*TIMES, *NO_TIMES, None, 1778155200, ["x"])),
    *(message(vote(candidate_id=text)) for text in (*HOSTILE, "", "x" * 900_000, None, 1, True, ["1"], {"a": "b"})),
    *(message(vote(voter_id=text), key=text) for text in (*HOSTILE, "", "y" * 400_000)),
    *(message(vote(voter_id=value)) for value in (None, 1, True, [1], {"a": 1})),
)

_digits = st.integers(0, 99).map("{:02d}".format)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(HOSTILE),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
_times = st.sampled_from((*TIMES, *NO_TIMES)) | st.builds(
    "{}-{}-{}T{}:{}:{}{}{}".format,
    st.integers(0, 3000).map("{:04d}".format),
    *(_digits,) * 5,
    st.sampled_from(("", ".5", ".000000", ".1234567")),
    st.sampled_from(("Z", "+00:00", "+01:00", "")),
)
_fields = st.fixed_dictionaries(
    {},
    optional={
        "voter_id": st.just(VOTER) | _json,
        "candidate_id": st.just(CANDIDATE) | st.text(max_size=8) | _json,
        "voting_time": _times | _json,
        "vote": st.just(1) | st.sampled_from((*NO_ONES, *NO_WHOLE_NUMBERS)) | _json,
        "extra": _json,
    },
)
_nearly = st.builds(lambda changes: vote(**changes), _fields)


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    """A good vote with some bytes replaced, inserted or missing."""
    value: bytearray = bytearray(json.dumps(vote()).encode())
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(value) - 1))
        value[at : at + draw(st.integers(0, 2))] = draw(
            st.binary(max_size=2) | st.sampled_from((b'"', b"\\", b"{", b"}", b","))
        )
    return bytes(value)


def _as_json(fields: object, ascii_only: bool) -> bytes:
    return json.dumps(fields, ensure_ascii=ascii_only).encode(errors="surrogatepass")


values = (
    st.builds(_as_json, _nearly | _fields | _json, st.booleans())
    | _damaged()
    | st.binary(max_size=40)
    | st.text(max_size=20).map(lambda text: text.encode(errors="surrogatepass"))
)
keys = st.just(VOTER.encode()) | st.just(VOTER.encode()) | st.none() | st.binary(max_size=6)


def made_messages(count: int) -> list[Raw]:
    """`count` messages that hypothesis makes, the same every time."""
    made: list[Raw] = []

    same = settings(derandomize=True, database=None, deadline=None, phases=[Phase.generate])

    @settings(same, max_examples=count, suppress_health_check=list(HealthCheck))
    @given(keys, values)
    def make(key: bytes | None, value: bytes) -> None:
        made.append((key, value))

    make()
    return made
