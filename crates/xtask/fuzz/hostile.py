"""What breaks programs that speak to PostgreSQL, put into requests that are otherwise good."""

import json
import random

from callers import number

MIB = 1024 * 1024
DEPTH = 64

# As they stand in a body; some are no JSON at all.
TOKENS = [
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udfff\\ud800"',
    '"\\uffff\\u202e"',
    "1e400",
    "-1e400",
    "9223372036854775808",
    "-9223372036854775809",
    "9" * 400,
    "1.7976931348623157e308",
    "2147483648",
    "NaN",
    "Infinity",
    "0.1",
    '"9223372036854775808"',
    '"1e9"',
    "[" * DEPTH + "]" * DEPTH,
    '{"a":' * DEPTH + "0" + "}" * DEPTH,
    json.dumps('{"content":[' * DEPTH + "]}" * DEPTH),
    json.dumps('{"type":"doc","content":[{"type":"text","text":"\\u0000"}]}'),
    json.dumps('{"type":"doc","text":"\\ud800"}'),
    json.dumps("'; DROP TABLE cases; --"),
    json.dumps("\\' %s %n {} ${jndi}"),
    json.dumps("å" * 10_000),
    '"' + "a" * (2 * MIB + 1) + '"',
]
# As they stand in an address.
QUERIES = [
    "%00",
    "a%00b",
    "%ED%A0%80",
    "%FF%FE",
    "%F0%9F%92%A9",
    "a" * 10_000,
    "%C3%A5" * 1_666,
    "9" * 400,
    "1e400",
    "-9223372036854775809",
    "%27%3B%20DROP%20TABLE%20cases%3B%20--",
    "%25%5C_",
    "[[[",
]


class RawQuery:
    """Puts a query behind the address as it is; requests would encode it to something harmless."""

    def __init__(self, query):
        self.query = query

    def __call__(self, request):
        request.url = f"{request.url.split('?')[0]}?{self.query}"
        return request


def make_hostile(case, kwargs):
    """Changes one thing of a request into something hostile."""
    key = (case.method, case.path, case.path_parameters, case.query, case.body)
    dice = random.Random(number("hostile", *key))
    names = [parameter.name for parameter in case.operation.query]
    if isinstance(case.body, (dict, list)) and dice.random() < 0.85:
        kwargs["data"] = body(case, dice)
        case.headers["Content-Type"] = "application/json"
    else:
        name = dice.choice([*names, "search", "ukjent"])
        kwargs["auth"] = RawQuery(f"{name}={dice.choice(QUERIES)}")


def body(case, dice):
    """The bytes of the body with one hostile value in it."""
    token = dice.choice(TOKENS)
    if isinstance(case.body, list) or dice.random() < 0.1:
        return f"[{token}]".encode()
    place = "\ue000"
    values = dict(case.body)
    declared = declared_properties(case)
    values[dice.choice([*declared, *values, "ukjent"])] = place
    text = json.dumps(values, default=str)
    return text.replace(json.dumps(place), token).encode("utf-8", "surrogatepass")


def declared_properties(case):
    """Names of the properties that the operation reads."""
    found = []
    for alternative in case.operation.body:
        schema = alternative.optimized_schema
        if isinstance(schema, dict):
            found.extend(schema.get("properties", {}))
    return found
