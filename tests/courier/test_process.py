"""The real courier process, a real relay on a real socket, a real database."""

import contextlib
import re
import signal
import time

import pytest
from django.db import transaction

from tests.channels.email.faulty import DROP, HANG, FaultyRelay, running
from tests.courier.people import a_message, make_readers, tell_everyone
from tests.courier.running import courier, until, until_books
from tocsin.audience.models import Address
from tocsin.courier import actions
from tocsin.courier.models import Attempt, Batch, Courier, Delivery, Dispatch, Edition, Epoch, Lane, RelayStatus
from tocsin.courier.queries import Books, books, listing


def everybody(relay):
    return sorted(recipient for letter in relay.taken for recipient in letter.recipients)


def message_ids(letters):
    return [re.search(rb"^Message-ID: (.*)\r$", letter.body, re.MULTILINE)[1] for letter in letters]


def test_everyone_gets_it_once(log):
    readers = make_readers(30)
    with running(FaultyRelay()) as relay, courier(relay, log) as process:
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=30)
        assert everybody(relay) == sorted(reader.value for reader in readers)
        until(lambda: Batch.objects.filter(token=None, due_us=None).count() == Batch.objects.count())
        until(lambda: RelayStatus.objects.filter(trouble="").exists())
        assert process.stop() == 0
    assert Courier.objects.get().gone_us


def test_a_telling_from_before_it_started_is_sent(log):
    make_readers(3)
    dispatch = tell_everyone()
    with running(FaultyRelay()) as relay, courier(relay, log):
        until_books(dispatch.pk, accepted=3)


def test_who_is_refused_fails_with_the_relays_words_and_others_get_theirs(log):
    make_readers(12)
    relay = FaultyRelay({"RCPT": lambda to: "550 5.1.1 no such user" if "reader5@" in to else None})
    with running(relay), courier(relay, log):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=11, failed=1)
    (refused,) = listing(dispatch.pk, "failed")
    assert (refused.address, refused.reply, refused.attempts) == ("reader5@example.org", "550 5.1.1 no such user", 1)


def test_who_is_refused_last_fails_too(log):
    make_readers(1)
    with running(FaultyRelay({"RCPT": "550 5.1.1 no such user"})) as relay, courier(relay, log):
        dispatch = tell_everyone()
        until_books(dispatch.pk, failed=1)


def test_a_refusal_for_now_is_tried_again(log):
    make_readers(3)
    relay = FaultyRelay({"RCPT": ["451 4.7.1 later"] * 3, "BODY": ["452 4.3.1 full"]})
    with running(relay), courier(relay, log):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=3)
    assert len(relay.taken) == 3
    outcomes = sorted(Attempt.objects.values_list("outcome", flat=True))
    assert outcomes == ["put off"] * 4 + ["taken"] * 3


def test_a_drop_after_the_dot_is_unsure_then_resent_once_with_the_same_bytes(log):
    make_readers(3)
    relay = FaultyRelay({"BODY": [DROP]})
    with running(relay), courier(relay, log):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=3)
    assert len(relay.completed) == 4
    first = relay.completed[0]
    again = [letter for letter in relay.completed if letter.recipients == first.recipients]
    assert len(again) == 2
    assert again[0].body == again[1].body
    assert len(set(message_ids(again))) == 1
    assert Delivery.objects.get(doubts=1).attempts == 2


def test_a_relay_that_always_drops_after_the_dot_is_tried_twice_and_no_more(log):
    make_readers(4)
    with running(FaultyRelay({"BODY": DROP})) as relay, courier(relay, log) as process:
        dispatch = tell_everyone()
        until(lambda: Delivery.objects.filter(doubts=2, due_us=None).count() == 4)
        assert books(dispatch.pk).unsure == 4
        until(lambda: not Batch.objects.filter(due_us__isnull=False).exists())
        assert process.stop() == 0
    assert len(relay.completed) == 8


def test_policy_hold_resends_nothing(log):
    make_readers(1)
    with running(FaultyRelay({"BODY": DROP})) as relay, courier(relay, log):
        with transaction.atomic():
            dispatch = tell_everyone()
            Dispatch.objects.update(hold_unsure=True)
        until_books(dispatch.pk, unsure=1)
        until(lambda: not Batch.objects.filter(due_us__isnull=False).exists())
    assert len(relay.completed) == 1


def test_a_relay_that_denies_everybody_fails_nobody(log):
    make_readers(25)
    broken = True
    relay = FaultyRelay({"RCPT": lambda to: f"554 5.7.1 {to[3:]}: Relay access denied" if broken else None})
    with running(relay), courier(relay, log):
        dispatch = tell_everyone()
        until(lambda: RelayStatus.objects.filter(trouble__startswith="554").exists(), "the trouble to be shown")
        until_books(dispatch.pk, planned=25, failed=0)
        assert "@" not in RelayStatus.objects.get().trouble
        broken = False
        until_books(dispatch.pk, accepted=25)
        until(lambda: RelayStatus.objects.filter(trouble="").exists())
    assert len(relay.taken) == 25


def test_a_few_refusals_that_speak_of_nobody_are_put_off(log):
    make_readers(3)
    broken = True
    relay = FaultyRelay({"RCPT": lambda to: "554 5.7.1 Relay access denied" if broken else None})
    with running(relay), courier(relay, log):
        dispatch = tell_everyone()
        until(lambda: Delivery.objects.filter(state="deferred").count() == 3)
        broken = False
        until_books(dispatch.pk, accepted=3)


def test_a_relay_that_is_down_is_waited_for(log):
    make_readers(5)
    relay = FaultyRelay()
    with running(relay):
        pass
    with courier(relay, log):
        dispatch = tell_everyone()
        until(lambda: RelayStatus.objects.exclude(trouble="").exists(), "the trouble to be shown")
        until_books(dispatch.pk, planned=5)
        with running(relay):
            until_books(dispatch.pk, accepted=5)
    assert len(relay.taken) == 5


def test_a_relay_that_goes_down_while_nothing_is_sent_is_waited_for(log):
    make_readers(5)
    relay = FaultyRelay()
    with contextlib.ExitStack() as up:
        up.enter_context(running(relay))
        with courier(relay, log, idle=0.1):
            until(lambda: relay.commands[-1:] == ["QUIT"], "the idle connection to be closed")
            up.close()
            dispatch = tell_everyone()
            until(lambda: RelayStatus.objects.exclude(trouble="").exists(), "the trouble to be shown")
            until_books(dispatch.pk, planned=5)
            with running(relay):
                until_books(dispatch.pk, accepted=5)


@pytest.mark.parametrize("step", ["GREETING", "EHLO", "MAIL"])
def test_a_refusal_of_us_is_the_relays_trouble(log, step):
    make_readers(3)
    script = {step: ["554 5.7.1 go away"] * 4}
    if step == "EHLO":
        script["HELO"] = ["554 5.7.1 go away"] * 4
    relay = FaultyRelay(script)
    with running(relay), courier(relay, log):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=3)
    assert not Attempt.objects.exclude(outcome="taken").exists()


def test_a_relay_that_greets_but_takes_nothing_stays_in_trouble_until_it_does(log):
    make_readers(2)
    broken = True
    relay = FaultyRelay({"MAIL": lambda _: "451 4.7.1 quota exceeded" if broken else None})
    with running(relay), courier(relay, log):
        dispatch = tell_everyone()
        until(lambda: log.read_text().count("is in trouble") >= 1)
        tries = relay.connections
        until(lambda: relay.connections >= tries + 3, "it to be tried a few times more")
        text = log.read_text()
        assert text.count("is in trouble") == 1, "it was in trouble all the time"
        broken = False
        until_books(dispatch.pk, accepted=2)
        until(lambda: RelayStatus.objects.filter(trouble="").exists())


@pytest.mark.parametrize("step", ["RCPT", "DATA", "BODY"])
def test_one_delivery_that_always_ends_the_session_holds_up_nobody_else(log, step):
    make_readers(6)
    dispatch = tell_everyone()
    unlucky = Address.objects.get(pk=Delivery.objects.earliest("pk").address_id).value

    def close_on_one(_):
        to = next(command for command in reversed(relay.commands) if command.startswith("RCPT"))
        return "421 4.3.2 closing" if unlucky in to else None

    relay = FaultyRelay({step: close_on_one})
    with running(relay), courier(relay, log, connections=1):
        until_books(dispatch.pk, accepted=5, planned=1)


def test_what_is_left_of_a_batch_does_not_wait_for_a_message_that_hangs(log):
    make_readers(6)
    relay = FaultyRelay({"BODY": [HANG], "MAIL": ["250 ok", "421 4.3.2 closing"]})
    with running(relay), courier(relay, log, connections=3):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=5, sending=1)


def test_a_relay_that_closes_after_some_messages_is_opened_again(log):
    make_readers(20)
    count = 0

    def sometimes(_):
        nonlocal count
        count += 1
        return "421 4.7.0 too many messages" if count % 4 == 0 else None

    relay = FaultyRelay({"MAIL": sometimes})
    with running(relay), courier(relay, log):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=20)
    assert len(relay.taken) == 20


def test_an_alert_overtakes(log):
    make_readers(60)
    with running(FaultyRelay(delay=0.01)) as relay, courier(relay, log, connections=2):
        news = tell_everyone(post_id=1, lane=Lane.DIGEST)
        until(lambda: len(relay.taken) >= 10)
        before = len(relay.taken)
        alert = tell_everyone(post_id=2, lane=Lane.ALERT, kind="alert", message=a_message("Storm warning"))
        until_books(alert.pk, accepted=60)
        assert books(news.pk).planned + books(news.pk).sending > 0
        until_books(news.pk, accepted=60)
    subjects = [b"Storm warning" in letter.body for letter in relay.taken]
    assert subjects.index(True) <= before + 4, "the alert waits for nothing but what was on the wire"


SLOW_CLAIMS = """
import time
from tocsin.courier.ledger.ledger import Ledger
from tocsin.courier.sending import flow
claim = Ledger.claim
def slowly(*args):
    time.sleep(0.05)
    return claim(*args)
Ledger.claim, flow.CLAIM_MOST = slowly, 8
"""


def test_no_digest_goes_out_while_more_of_an_alert_is_claimed(log, monkeypatch):
    """However slow the ledger is: the relay takes a batch of four at once, and the next is not there yet."""
    monkeypatch.setattr(actions, "BATCH_ROWS", 4)
    make_readers(60)
    with running(FaultyRelay()) as relay:
        news = tell_everyone(post_id=1, lane=Lane.DIGEST)
        with courier(relay, log, setup=SLOW_CLAIMS, connections=2):
            until(lambda: len(relay.taken) >= 10)
            alert = tell_everyone(post_id=2, lane=Lane.ALERT, kind="alert", message=a_message("Storm warning"))
            until_books(alert.pk, accepted=60)
            until_books(news.pk, accepted=60)
    alerts = [b"Storm warning" in letter.body for letter in relay.taken]
    first, last = alerts.index(True), len(alerts) - alerts[::-1].index(True)
    assert last - first <= 60 + 4, "between its first and its last goes only what was on the wire"


def test_relays_serve_their_lanes(log):
    make_readers(2)
    with running(FaultyRelay()) as alerts, running(FaultyRelay()) as rest:
        urls = f"{alerts.url}&lanes=alert {rest.url}&lanes=transactional,instant,digest"
        with courier(urls, log):
            news, alert = tell_everyone(post_id=1), tell_everyone(post_id=2, lane=Lane.ALERT, kind="alert")
            until_books(news.pk, accepted=2)
            until_books(alert.pk, accepted=2)
    assert (len(alerts.taken), len(rest.taken)) == (2, 2)


def test_a_relay_is_given_no_more_than_its_caps_but_alerts_find_some_kept(log):
    make_readers(30)
    with running(FaultyRelay()) as relay, courier(f"{relay.url}&hour=20", log):
        news = tell_everyone(post_id=1)
        until_books(news.pk, accepted=19, planned=11)
        tell_everyone(post_id=2, lane=Lane.ALERT, kind="alert", message=a_message("Storm warning"))
        until(lambda: len(relay.taken) == 20)
    assert b"Storm warning" in relay.taken[-1].body


def test_a_second_relay_takes_over_from_one_in_trouble(log):
    make_readers(6)
    broken, sound = FaultyRelay({"MAIL": "451 4.3.0 not today"}), FaultyRelay()
    with running(broken), running(sound), courier(f"{broken.url} {sound.url}", log):
        until_books(tell_everyone().pk, accepted=6)
    assert len(sound.taken) == 6


def test_without_a_relay_everything_stays_planned(log):
    make_readers(2)
    with courier("", log) as process:
        dispatch = tell_everyone()
        until(lambda: RelayStatus.objects.filter(name="(none)").exclude(trouble="").exists())
        assert books(dispatch.pk).planned == 2
        assert process.stop() == 0
    assert log.read_text().count("No relay is configured") == 1


def test_what_cannot_be_composed_fails_and_the_rest_goes_out(log):
    make_readers(2)
    with running(FaultyRelay()) as relay, courier(relay, log):
        broken = tell_everyone(post_id=1, message=a_message(sender_email="not an address"))
        sound = tell_everyone(post_id=2)
        until_books(broken.pk, failed=2)
        until_books(sound.pk, accepted=2)
    assert all("cannot be composed" in row.reply for row in listing(broken.pk, "failed"))


def test_an_edition_that_cannot_be_read_holds_up_nobody_else(committed, tmp_path):
    log = tmp_path / "courier.log"
    make_readers(3)
    broken = tell_everyone(post_id=1, lane=Lane.ALERT, kind="alert")
    Edition.objects.filter(dispatch=broken).update(message={"of": "another version"})
    sound = tell_everyone(post_id=2, lane=Lane.DIGEST)
    with running(FaultyRelay()) as relay, courier(relay, log):
        until_books(sound.pk, accepted=3)
    assert books(broken.pk).planned + books(broken.pk).sending == 3
    assert f"edition {Edition.objects.get(dispatch=broken).pk} met a fault of ours" in log.read_text()


def test_staff_mail_goes_to_the_address_in_the_message(log):
    with running(FaultyRelay()) as relay, courier(relay, log):
        message = a_message(to_address="chief@example.net", bulk=False, text="Reset", html="")
        with transaction.atomic():
            dispatch = actions.tell_one(
                kind="staff", lane=Lane.TRANSACTIONAL, message=message, title="Reset", address=None
            )
        until_books(dispatch.pk, accepted=1)
    assert everybody(relay) == ["chief@example.net"]


def test_pausing_stops_it_within_about_a_second_until_it_is_resumed(log):
    make_readers(200)
    with running(FaultyRelay(delay=0.01)) as relay, courier(relay, log, connections=2):
        dispatch = tell_everyone()
        until(lambda: len(relay.taken) >= 5)
        with transaction.atomic():
            actions.pause(dispatch)
        until(lambda: books(dispatch.pk).sending == 0)
        before = books(dispatch.pk)
        assert before.planned > 100
        assert before.accepted == len(relay.taken)
        time.sleep(0.5)
        assert books(dispatch.pk) == before
        with transaction.atomic():
            actions.resume(dispatch)
        relay.delay = 0
        until_books(dispatch.pk, accepted=200)


def test_cancelling_stops_what_is_not_on_the_wire(log):
    make_readers(60)
    with running(FaultyRelay(delay=0.02)) as relay, courier(relay, log, connections=2):
        dispatch = tell_everyone()
        until(lambda: len(relay.taken) >= 5)
        with transaction.atomic():
            actions.cancel(dispatch, "The post was withdrawn.")
        until(lambda: not Batch.objects.filter(due_us__isnull=False).exists() or books(dispatch.pk).sending == 0)
        until(lambda: books(dispatch.pk).settled)
        found = books(dispatch.pk)
        assert found.accepted + found.suppressed == 60
        until(lambda: books(dispatch.pk).accepted == len(relay.taken))


def test_sigterm_finishes_what_is_on_the_wire_and_gives_the_rest_back(log):
    make_readers(50)
    with running(FaultyRelay(delay=0.03)) as relay, courier(relay, log) as process:
        dispatch = tell_everyone()
        until(lambda: len(relay.taken) >= 3)
        assert process.stop(8) == 0
        found = books(dispatch.pk)
        assert found.balanced
        assert (found.sending, found.unsure) == (0, 0)
        assert found.accepted == len(relay.taken) < 50
        assert not Batch.objects.filter(token__isnull=False).exists()
    assert not Attempt.objects.filter(finished_us=None).exists()


def test_sigterm_calls_unsure_what_hangs_on_the_wire(log):
    make_readers(5)
    with running(FaultyRelay({"BODY": [HANG]})) as relay, courier(relay, log, grace=0.3, connections=1) as process:
        dispatch = tell_everyone()
        until(lambda: len(relay.completed) == 1)
        assert process.stop(5) == 0
        assert books(dispatch.pk) == Books(audience=5, planned=4, unsure=1)
        assert not Batch.objects.exclude(token=None).exists()


def test_a_lane_without_a_relay_is_told(log):
    with running(FaultyRelay()) as relay, courier(f"{relay.url}&lanes=instant,digest", log):
        until(lambda: RelayStatus.objects.filter(trouble__contains="transactional, alert").exists())


def test_one_courier_wakes_within_a_second_for_an_alert(log):
    make_readers(3)
    with running(FaultyRelay()) as relay, courier(relay, log, poll=30.0):
        until(lambda: "works" in log.read_text())
        time.sleep(0.3)  # it is idle now: only the doorbell wakes it
        alert = tell_everyone(lane=Lane.ALERT, kind="alert")
        committed_at = time.monotonic()
        until(lambda: relay.completed)
        assert time.monotonic() - committed_at < 1
        until_books(alert.pk, accepted=3)


def test_it_waits_for_a_database_that_is_not_there_yet(log, committed, monkeypatch):
    make_readers(1)
    url = committed
    missing = f"{url}.missing" if url.startswith("sqlite") else url.replace("/test_", "/missing_")
    monkeypatch.setenv("TOCSIN_DATABASE_URL", missing)
    with running(FaultyRelay()) as relay, courier(relay, log) as process:
        until(lambda: "cannot be used" in log.read_text())
        process.signal(signal.SIGTERM)
        assert process.wait(5) == 0


FAIL_TO_WRITE = """
from tocsin.courier.ledger.ledger import Ledger

settle_many, faults = Ledger.settle_many, []

def fail_once(self, results):
    if not faults:
        faults.append(results)
        raise ValueError("a fault of ours")
    settle_many(self, results)

Ledger.settle_many = fail_once
"""


def test_a_250_counts_even_if_a_fault_of_ours_is_in_the_way(committed, tmp_path):
    make_readers(3)
    with running(FaultyRelay()) as relay, courier(relay, tmp_path / "log", setup=FAIL_TO_WRITE):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=3)
    assert "a fault of ours" in (tmp_path / "log").read_text()
    assert len(relay.completed) == 3
    assert not Delivery.objects.filter(doubts__gt=0).exists()


FAIL_TO_CONNECT = """
from tocsin.channels.email.wire import SmtpRelay

connect, tries = SmtpRelay.connect, []

async def fail_now_and_then(self, crew):
    tries.append(1)
    if len(tries) in {2, 3, 4}:
        raise RuntimeError("a fault of ours")
    return await connect(self, crew)

SmtpRelay.connect = fail_now_and_then
"""


def test_a_fault_of_ours_while_connecting_holds_nothing_back(committed, tmp_path):
    make_readers(6)
    with running(FaultyRelay(delay=0.05)) as relay, courier(relay, tmp_path / "log", setup=FAIL_TO_CONNECT):
        dispatch = tell_everyone()
        until_books(dispatch.pk, accepted=6)
    assert "a fault of ours" in (tmp_path / "log").read_text()


def test_a_paused_telling_stops_within_a_second_and_goes_on_when_it_is_resumed(log):
    make_readers(20)
    with running(FaultyRelay(delay=0.02)) as relay, courier(relay, log, connections=2):
        dispatch = tell_everyone()
        until(lambda: len(relay.taken) >= 3)
        with transaction.atomic():
            assert actions.pause(dispatch, "wrong picture")
        until(lambda: not Batch.objects.exclude(token=None).exists(), "the lease to be given back", 2)
        found, taken = books(dispatch.pk), len(relay.taken)
        assert (found.accepted, found.planned) == (taken, 20 - taken)
        with transaction.atomic():
            assert actions.resume(dispatch)
        until_books(dispatch.pk, accepted=20)
    assert len(relay.taken) == 20


def test_a_restored_database_mails_nobody_until_a_person_says_so(log):
    make_readers(3)
    with running(FaultyRelay()) as relay:
        with courier(relay, log) as process:
            first = tell_everyone()
            until_books(first.pk, accepted=3)
            backup = Epoch.objects.get()
            assert process.stop() == 0
        with courier(relay, log) as process:
            second = tell_everyone(post_id=2)
            until_books(second.pk, accepted=3)
            assert process.stop() == 0
        Epoch.objects.update(lineage=backup.lineage, number=backup.number)
        Delivery.objects.filter(dispatch=second).update(state="planned", due_us=0, attempts=0)
        Batch.objects.filter(dispatch=second).update(due_us=0)
        with courier(relay, log):
            until(lambda: Dispatch.objects.filter(pause_reason="restored").exists())
            third = tell_everyone(post_id=3)
            until_books(third.pk, accepted=3)
            assert books(second.pk) == Books(audience=3, planned=3)
            with transaction.atomic():
                assert actions.resume_all() == 1
            until_books(second.pk, accepted=3)
