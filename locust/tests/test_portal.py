"""Which answers count as failures, through Locust's own client and statistics."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from locust import FastHttpUser
from locust.env import Environment

from portal_load.portal import Portal


class Handler(BaseHTTPRequestHandler):
    """Answers with the status that the address names."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status = int(self.path.strip("/"))
        body = b'{"type":"/problems/forbidden"}'
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "12")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


@contextmanager
def serving():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def portal():
    with serving() as host:
        sited = type("Sited", (FastHttpUser,), {"host": host})
        environment = Environment(user_classes=[sited])
        environment.create_local_runner()
        user = sited(environment)
        made = Portal(user.client, environment.events.request.fire)
        made.stats = environment.stats
        yield made
        user.client.client.close()
        environment.runner.quit()


def ask(portal, status, expected=None):
    answer = portal.send("GET", f"/{status}", "name", expected=expected)
    ((name, _),) = portal.stats.entries
    errors = [str(error.error) for error in portal.stats.errors.values()]
    return answer, name, errors


def test_what_was_asked_for_is_counted_under_its_name(portal):
    answer, name, errors = ask(portal, 200)
    assert (answer.ok, name, errors) == (True, "name", [])


def test_an_expected_refusal_is_no_failure_and_does_not_flatter_the_times(portal):
    answer, name, errors = ask(portal, 409, {409: "held by another"})
    assert (answer.status, name, errors) == (409, "name → 409 held by another", [])


def test_a_rate_limit_is_no_failure_and_says_how_long_to_wait(portal):
    answer, name, errors = ask(portal, 429)
    assert (answer.retry_after, name, errors) == (12.0, "name → 429 rate limit", [])


def test_a_server_error_is_told_from_other_failures(portal):
    _, name, (error,) = ask(portal, 503, {409: "held by another"})
    assert name == "name"
    assert "5xx 503" in error


def test_any_other_refusal_is_a_failure_of_its_own(portal):
    _, _, (error,) = ask(portal, 403)
    assert "unexpected 403 forbidden" in error
    assert "5xx" not in error


def test_no_answer_at_all_counts_as_the_portals_fault(portal):
    answer = portal.send("GET", "http://127.0.0.1:9/gone", "name")
    ((_, error),) = portal.stats.errors.items()
    assert answer.status == 0
    assert "5xx no answer" in str(error.error)
