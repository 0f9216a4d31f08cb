"""What schemathesis must know of this service beside its document; tests/it/attack.rs starts it.

It is told who may call which operation, gives each call a key of its own, and mixes what it makes up with records
that are there: values of random strings alone would never come past "not found".
"""
import atexit
import json
import os
import random
from collections import Counter, defaultdict

import schemathesis
from schemathesis import GenerationMode

with open(os.environ["HUANXIN_ATTACK"], encoding="utf-8") as file:
    KNOWN = json.load(file)
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The same choices in every run.
dice = random.Random(20260618)
numbers = iter(range(1, 1 << 62))
values = defaultdict(list)
paths = defaultdict(dict)
bodies = defaultdict(list, KNOWN["bodies"])
statuses = defaultdict(Counter)
phases = defaultdict(Counter)


def learn(name, value):
    """Every value that stands in an example, by the name of its member."""
    if isinstance(value, dict):
        for member, part in value.items():
            learn(member, part)
    elif isinstance(value, list):
        for part in value:
            learn(name, part)
    elif value is not None and value not in values[name]:
        values[name].append(value)


def operations(document):
    for path, item in document["paths"].items():
        for operation in item.values():
            yield path, operation


@schemathesis.hook
def before_load_schema(ctx, raw_schema):
    for path, operation in operations(raw_schema):
        # With it no status would be undocumented.
        operation["responses"].pop("default", None)
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path" and "example" in parameter:
                paths[operation["operationId"]][parameter["name"]] = parameter["example"]
            learn(parameter["name"], parameter.get("example"))
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            learn("", content.get("example"))
            if media == "application/json" and "example" in content and operation["operationId"] not in KNOWN["bodies"]:
                bodies[operation["operationId"]].append(content["example"])
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                learn("", content.get("example"))
    for name, known in KNOWN["values"].items():
        values[name] = known


def identity(case):
    return case.operation.definition.raw["operationId"]


@schemathesis.serializer("application/toml")
def toml(context, value):
    return value if isinstance(value, str) else json.dumps(value)


# Files: what schemathesis makes up for a text goes as it is.
@schemathesis.serializer("application/pdf", "image/jpeg", "image/png", WORKBOOK)
def file(context, value):
    return value if isinstance(value, (bytes, str)) else json.dumps(value)


@schemathesis.deserializer("application/jose", "application/pdf", "application/zip", "image/jpeg", "image/png", "image/svg+xml", "text/csv", WORKBOOK)
def not_json(context, response):
    return response.content.decode("utf-8", "replace")


@schemathesis.check
def refusals_are_documented(context, response, case):
    """A status is not enough: each code that the answer gives must be one that the operation says it may give."""
    if response.status_code < 400 or response.status_code == 405:
        return
    told = defaultdict(set)
    for status, said in case.operation.definition.raw["responses"].items():
        told[status] = set(said.get("content", {}).get("application/problem+json", {}).get("examples", {}))
    problem = response.json()
    first, codes = problem["code"], {error["code"] for error in problem["errors"]}
    if first not in told[str(response.status_code)]:
        raise AssertionError(f"{first} with status {response.status_code}")
    if more := codes - set().union(*told.values()):
        raise AssertionError(f"{sorted(more)} among the errors")


def is_wrong(case):
    return case.meta is None or case.meta.generation.mode is GenerationMode.NEGATIVE


@schemathesis.auth(refresh_interval=None)
class Caller:
    """Somebody whose role may call the operation."""

    def get(self, case, context):
        return dice.choice(KNOWN["tokens"].get(identity(case)) or [""])

    def set(self, case, data, context):
        if data:
            case.headers["Authorization"] = f"Bearer {data}"


def known(name, value):
    """The value, or one of a record that is there."""
    if isinstance(value, dict):
        return {member: known(member, part) for member, part in value.items()}
    if isinstance(value, list):
        return [known(name, part) for part in value]
    same = [other for other in values[name] if type(other) is type(value)]
    return dice.choice(same) if same and dice.random() < 0.5 else value


def mixed(operation, body):
    """The made-up body with some members of one that was taken, and the reverse."""
    if not isinstance(body, dict):
        return body
    body = known("", body)
    if not bodies[operation] or dice.random() < 0.3:
        return body
    good = dice.choice(bodies[operation])
    share = dice.choice([0.0, 0.1, 0.5])
    return {**good, **{name: part for name, part in body.items() if dice.random() < share}}


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = identity(case)
    if is_wrong(case):
        return
    if "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = f'"attack {next(numbers)}"'
    if case.media_type == "application/json":
        case.body = mixed(operation, case.body)
    as_json = case.media_type in (None, "application/json")
    if as_json and KNOWN["prepared"].get(operation):
        ready = KNOWN["prepared"][operation].pop()
        case.path_parameters.update(ready["path"])
        if ready["token"] is not None:
            case.headers["Authorization"] = f"Bearer {ready['token']}"
        if ready["body"] is not None:
            case.body = ready["body"]
        return
    if "cursor" in case.query and dice.random() < 0.8:
        # A list gives each caller its own; any other is refused before anything else is looked at.
        del case.query["cursor"]
    # Who is suspended is out at once: not those with whose tokens everything else is asked.
    always = operation.startswith("suspend")
    for name, value in case.path_parameters.items():
        if name in paths[operation] and (always or dice.random() < 0.7):
            case.path_parameters[name] = paths[operation][name]


@schemathesis.hook
def after_call(context, case, response):
    statuses[identity(case)][response.status_code] += 1
    phases[identity(case)][case.meta.phase.name.value if case.meta else "other"] += 1


@atexit.register
def tell():
    figures = {name: {"statuses": statuses[name], "phases": phases[name]} for name in statuses}
    with open(os.environ["HUANXIN_ATTACK"] + ".figures", "w", encoding="utf-8") as file:
        json.dump(figures, file)
