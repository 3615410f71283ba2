"""Requests to the portal as one signed-in person, and what counts as a good answer."""

import json
from dataclasses import dataclass, field

from portal_load import names

# The beginning of the message of a failure that is the portal's own.
SERVER_ERROR = "5xx"
TOO_MANY = 429


@dataclass
class Answer:
    """What came back; `status` 0 means that nothing did."""

    status: int
    text: str | None = None
    retry_after: float = 0.0
    _body: object = field(default=None, repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self):
        if self._body is None:
            self._body = json.loads(self.text or "null")
        return self._body

    @property
    def problem(self) -> str:
        """The type of a refusal (`docs/problems.md`), without its prefix."""
        try:
            return str(self.json().get("type", "")).removeprefix("/problems/")
        except (ValueError, AttributeError):
            return ""


class Portal:
    """One person's connection. Every answer is one of: asked for, expected, or a failure."""

    def __init__(self, client, fire):
        self._client = client
        self._fire = fire
        self._token = None

    def authenticate(self, token: str) -> None:
        self._token = token

    def send(self, method, path, name, body=None, expected=None, anonymous=False) -> Answer:
        """Sends a request. `expected` gives statuses that are no failure, each with a word for the
        statistics."""
        headers = {}
        if self._token and not anonymous:
            headers["Authorization"] = f"Bearer {self._token}"
        with self._client.request(
            method, path, name=name, json=body, headers=headers, catch_response=True
        ) as response:
            status = response.status_code or 0
            kind = self._judge(status, expected or {})
            if kind is not None:
                response.request_meta["name"] = name + names.REFUSED + kind
                response.success()
            elif not 200 <= status < 300:
                response.failure(self._complaint(status, response))
            return Answer(status, response.text, self._retry_after(response))
        # A failure that was reported has been swallowed by the block.

    def report(self, name, milliseconds, failure=None) -> None:
        """Puts something that is no request of its own into the statistics."""
        self._fire(
            request_type=names.JOB,
            name=name,
            response_time=milliseconds,
            response_length=0,
            exception=Exception(failure) if failure else None,
            context={},
        )

    @staticmethod
    def _judge(status, expected):
        if status == TOO_MANY:
            return "429 rate limit"
        if status in expected:
            return f"{status} {expected[status]}"
        return None

    @staticmethod
    def _complaint(status, response):
        if status == 0:
            # The gateway or the portal is gone or too slow: the portal's fault as much as a 5xx.
            return f"{SERVER_ERROR} no answer: {type(response.error).__name__}"
        if status >= 500:
            return f"{SERVER_ERROR} {status}"
        return f"unexpected {status} {Answer(status, response.text).problem}".rstrip()

    @staticmethod
    def _retry_after(response) -> float:
        try:
            return float((response.headers or {}).get("retry-after") or 0)
        except ValueError:
            return 0.0
