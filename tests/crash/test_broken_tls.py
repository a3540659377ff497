"""TLS that breaks, at its beginning or amid the conversation: nothing goes out in the clear, nobody is lost."""

from pathlib import Path

import pytest
import trustme

from tests.courier.running import until
from tests.crash import aftermath
from tests.crash.mischief import Fault
from tests.crash.scene import Scene
from tocsin.courier.models import RelayStatus
from tocsin.courier.queries import books

pytestmark = pytest.mark.crash

FAULTS = [
    Fault("STARTTLS", "454 4.7.0 TLS not available"),
    Fault("STARTTLS", "554 5.7.0 no"),
    Fault("STARTTLS", "drop"),
    Fault("STARTTLS", "garbage"),
    Fault("HANDSHAKE", "drop"),
    Fault("HANDSHAKE", "garbage"),
    Fault("HANDSHAKE", "endless line"),
    Fault("EHLO", "plain", skip=3),
    Fault("MAIL", "plain", skip=3),
    Fault("DATA", "plain", skip=3),
    Fault("BODY", "plain", skip=3),
    Fault("END", "plain", skip=3),
]
IN_EVERY_RUN = {("HANDSHAKE", "drop"), ("DATA", "plain")}


@pytest.fixture
def offers(tmp_path: Path) -> dict[str, object]:
    authority, ca, certificate = trustme.CA(), tmp_path / "ca.pem", tmp_path / "certificate.pem"
    authority.cert_pem.write_to_path(ca)
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    return {"ca": ca, "certificate": certificate}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(
            fault, id=f"{fault.at}-{fault.do}", marks=[] if (fault.at, fault.do) in IN_EVERY_RUN else pytest.mark.long
        )
        for fault in FAULTS
    ],
)
def test_tls_breaks(scene: Scene, fault: Fault):
    scene.sink.goes_wrong(fault)
    dispatch = scene.tell(readers=60)
    with scene.courier():
        # Garbage that comes together with the answer to STARTTLS is dropped with it, and all goes well.
        until(lambda: len(scene.sink.seen("fault")) >= 3 or books(dispatch.pk).settled)
        assert not books(dispatch.pk).failed
    aftermath.settle(scene)
    assert all(record["tls"] for record in scene.sink.seen("taken"))


def test_a_certificate_nobody_vouches_for(scene: Scene):
    dispatch, ca = scene.tell(readers=60), scene.folder / "ca.pem"
    ours, theirs = ca.read_bytes(), trustme.CA().cert_pem.bytes()
    ca.write_bytes(theirs)
    with scene.courier():
        until(lambda: RelayStatus.objects.exclude(trouble="").exists(), "the trouble to be shown")
        assert books(dispatch.pk).planned == 60
    assert not scene.sink.complete
    ca.write_bytes(ours)
    aftermath.settle(scene)
