"""What has not been sent goes out: one connection, retries with growing waits, and no message twice."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from time import monotonic

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from kpi_excel.faults import KpiExcelError
from kpi_excel.mail.building import Built, Job, built_ahead
from kpi_excel.mail.compose import Composer, Parcel
from kpi_excel.mail.journal import BEGUN, Journal
from kpi_excel.mail.letters import Letter
from kpi_excel.mail.outbox import Outbox, Result, Standing
from kpi_excel.mail.transports import SendError, ServerError, TransientError, Transport, UnknowableError
from kpi_excel.messages import Message

IN_HAND = 16  # messages that are claimed in one transaction
ROUNDS = 5  # over what a server puts off; the waits between them grow
GROWING = wait_exponential(multiplier=5, max=300)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a letter, and why."""

    letter: Letter
    state: str  # of the outbox; or "before" (gone earlier), "changed" (a correction is due), "waiting" (not tried)
    why: Message | str = ""


class LaterError(Exception):
    """Some messages, or the whole server, have to be tried again."""

    def __init__(self, words: Message, wait: float) -> None:
        super().__init__(str(words))
        self.words, self.wait = words, wait


@dataclass(slots=True)
class Pace:
    """At most so many messages a minute; measured by a clock that nobody can set."""

    per_minute: int
    sleep: Callable[[float], None]
    clock: Callable[[], float] = monotonic
    _next: float = field(default=float("-inf"), init=False)

    def wait(self) -> None:
        """Wait until the next message may go."""
        if self.per_minute:
            moment = self.clock()
            if moment < self._next:
                self.sleep(self._next - moment)
            self._next = max(moment, self._next) + 60 / self.per_minute


@dataclass(slots=True)
class Mailing:
    """Everything that sending needs; whoever makes one holds the lock whose journal this is."""

    outbox: Outbox
    journal: Journal
    composer: Composer
    transport: Transport
    sleep: Callable[[float], None]
    per_minute: int = 0
    language: str = "en"  # in which the outbox keeps reasons
    rounds: int = ROUNDS
    _waiting: dict[str, Standing] = field(default_factory=dict, init=False)  # by key, until its fate is settled
    _put_off: dict[str, TransientError] = field(default_factory=dict, init=False)  # refused for now, with the reason
    _in_hand: set[str] = field(default_factory=set, init=False)  # claimed, and no answer yet
    _results: list[Result] = field(default_factory=list, init=False)  # not yet in the outbox

    def send(self, letters: Sequence[Letter], *, resend: bool = False, correction: bool = False) -> Iterator[Outcome]:
        """Send what has not been sent; yields each letter once, when its fate is settled.

        Raises:
            KpiExcelError: a template or a password is missing or wrong; nothing more goes out.
        """
        self.outbox.recover(self.journal, repeatable=self.transport.repeatable)
        standings = self.outbox.standings(letters, state=self.transport.state, resend=resend, correction=correction)
        self._waiting = {item.letter.key: item for item in standings if item.state == "prepared"}
        self.outbox.enter(self._waiting.values())
        yield from (Outcome(item.letter, item.state, item.why) for item in standings if item.state != "prepared")
        for item in islice(self._waiting.values(), 1):
            self.composer.compose(item.letter, self.outbox.now())  # a mistake in a template stops all of them
        yield from self._rounds()

    def _rounds(self) -> Iterator[Outcome]:
        """Round after round over what is put off, until all is settled or patience ends."""
        rounds = Retrying(
            retry=retry_if_exception_type(LaterError),
            stop=stop_after_attempt(self.rounds),
            wait=_as_long_as_asked,
            sleep=self.sleep,
            reraise=True,
        )
        pace = Pace(self.per_minute, self.sleep)
        try:
            for attempt in rounds:
                with attempt:
                    yield from self._round(pace)
        except (LaterError, ServerError) as error:
            yield from self._given_up(error.words)

    def _round(self, pace: Pace) -> Iterator[Outcome]:
        """One walk over what waits.

        Raises:
            LaterError: something is put off, or the server is not there for now.
            ServerError: nothing can be sent at all.
        """
        walk = tuple(self._waiting.values())
        jobs = (Job(item.letter, self.outbox.now(), item.correction, item.attempts) for item in walk)
        built = built_ahead(jobs, len(walk), self.composer)
        try:
            for start in range(0, len(walk), IN_HAND):
                hand = walk[start : start + IN_HAND]
                mine = self._claim(hand)
                for item, message in zip(hand, built, strict=False):  # what is not ours was built too: step by step
                    outcome = self._one(item, message, pace) if item.letter.key in mine else _overtaken(item)
                    if outcome is not None:
                        del self._waiting[item.letter.key]
                        yield outcome
        except ServerError as error:
            if error.transient:
                raise LaterError(error.words, error.wait) from error
            raise
        finally:
            built.close()
            self._settle()
        if self._waiting:
            put_off = [self._put_off[key] for key in self._waiting]
            raise LaterError(put_off[0].words, max(error.wait for error in put_off))

    def _one(self, item: Standing, built: Built, pace: Pace) -> Outcome | None:
        """Send one message; None where the server puts it off."""
        key = item.letter.key
        if isinstance(built, KpiExcelError):
            why = built.faults[0].message
            return self._answered(Outcome(item.letter, "failed", why), built=None)
        pace.wait()
        try:
            self.transport.send(built, partial(self.journal.begin, key))
        except ServerError:
            self.journal.answer(key, "prepared")
            raise
        except TransientError as error:
            self._put_off[key] = error
            self._answered(Outcome(item.letter, "prepared", error.words), built)
            return None
        except SendError as error:
            state = "unknowable" if isinstance(error, UnknowableError) else "failed"
            return self._answered(Outcome(item.letter, state, error.words), built)
        return self._answered(Outcome(item.letter, self.transport.state), built)

    def _answered(self, outcome: Outcome, built: Parcel | None) -> Outcome:
        """Note what became of a message: at once in the journal, soon in the outbox."""
        key = outcome.letter.key
        self.journal.answer(key, outcome.state)
        size, message_id = (len(built.data), built.message_id) if built else (0, "")
        self._results.append(Result(key, outcome.state, self._reason(outcome.why), size, message_id))
        self._in_hand.discard(key)
        return outcome

    def _reason(self, why: Message | str) -> str:
        return why if isinstance(why, str) else why.to(self.language)

    def _claim(self, hand: Sequence[Standing]) -> set[str]:
        self.journal.claim(item.letter.key for item in hand)
        mine = self.outbox.claim(hand, self._results)
        self._results, self._in_hand = [], set(mine)
        for item in hand:
            self._waiting[item.letter.key] = replace(item, attempts=item.attempts + 1)
        return mine

    def _settle(self) -> None:
        """Enter what is known; what was in hand and never came to an answer is open, or waits as before."""
        begun = {key for key in self._in_hand if self.journal.state(key) == BEGUN}
        left = [Result(key, "unknowable" if key in begun else "prepared") for key in self._in_hand]
        self.outbox.settle([*self._results, *left])
        self._results, self._in_hand = [], set()

    def _given_up(self, why: Message) -> Iterator[Outcome]:
        """What the server refused until the end has failed; what was never tried waits for the next time."""
        for key, item in self._waiting.items():
            refused = self._put_off.get(key)
            outcome = Outcome(item.letter, "failed", refused.words) if refused else Outcome(item.letter, "waiting", why)
            self._results.append(Result(key, "failed" if refused else "prepared", self._reason(outcome.why)))
            yield outcome
        self._settle()


def _as_long_as_asked(state: RetryCallState) -> float:
    """Growing waits, or what the server asks for where that is longer."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait if isinstance(error, LaterError) else 0.0
    return max(GROWING(state), asked)


def _overtaken(item: Standing) -> Outcome:
    """Another process has taken the message in hand meanwhile."""
    return Outcome(item.letter, "before")
