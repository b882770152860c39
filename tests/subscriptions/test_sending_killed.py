"""Real workers in processes of their own: killed in the middle, and two on one mailing."""

from tests import kill_sending
from tests.subscriptions.smtp_server import Server


def test_killed_workers_lose_nothing_and_send_nothing_twice(site_on_this_database):
    with Server() as server:
        counts = kill_sending.send_killed(site_on_this_database, server, readers=300, kills=3)

    assert counts["failed"] > 0  # the server's faults were on
    assert counts["accepted"] > 260  # the others are refused, or unknown as kills and lost answers leave them


def test_two_workers_on_one_mailing_send_each_mail_once(site_on_this_database):
    site = site_on_this_database
    with Server() as server:
        server.faults.seconds_a_mail = 0.03  # time for the second to join in
        site.environment |= {"NEWSLETTER_MAIL_URL": f"smtp://127.0.0.1:{server.port}", "NEWSLETTER_CONNECTIONS": "3"}
        assert site.run(*kill_sending.MODULE, "set_up", "400").returncode == 0
        both = [site.start(*kill_sending.MODULE, "send") for _ in range(2)]
        assert [process.wait(120) for process in both] == [0, 0], site.log.read_text()

        assert set(server.recipients().values()) == {1}
        assert len(server.taken) == 400
        assert server.counts["connections"] > 3
    [(state, senders)] = kill_sending.rows(
        site, "SELECT state, count(DISTINCT worker) FROM subscriptions_delivery GROUP BY state"
    )
    assert state == "accepted"
    assert senders >= 2
