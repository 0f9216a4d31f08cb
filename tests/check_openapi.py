"""Judges an OpenAPI 3.1 document with libraries that are not ours: check_openapi.py DOCUMENT.

The document is good by the schema of OpenAPI; every example in it is good by its own schema, formats included; a
request example with one more member is not, nor is one without a member that is required. Prints what was judged as
JSON, or a line for each fault and exits with 1.
"""
import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)

registry = Registry().with_resource("urn:document", Resource(contents=document, specification=DRAFT202012))
formats = Draft202012Validator.FORMAT_CHECKER
faults = []
judged = {"requests": 0, "answers": 0, "refusals": 0, "parameters": 0, "schemas": 0}


def pointer(*parts):
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def resolve(value):
    while isinstance(value, dict) and "$ref" in value:
        *_, place = value["$ref"].partition("#/")
        value = document
        for part in place.split("/"):
            value = value[part.replace("~1", "/").replace("~0", "~")]
    return value


def errors(place, value):
    """What the schema at a place of the document finds wrong with a value."""
    validator = Draft202012Validator({"$ref": "urn:document#" + place}, registry=registry, format_checker=formats)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


def judge(kind, place, value):
    judged[kind] += 1
    faults.extend(f"example of {place}: {error}" for error in errors(place, value))


def examples(holder):
    """The examples of a media type, parameter or header."""
    if "example" in holder:
        yield holder["example"]
    for named in holder.get("examples", {}).values():
        yield resolve(named)["value"]


def judge_media(kind, place, holder):
    for media, content in holder.get("content", {}).items():
        if "schema" not in content:
            continue
        for value in examples(content):
            here = place + pointer("content", media, "schema")
            judge(kind, here, value)
            if kind == "requests" and isinstance(value, dict):
                judge_strictness(here, resolve(content["schema"]), value)


def judge_strictness(place, schema, value):
    if schema.get("additionalProperties") is not True and not errors(place, {**value, "colour": "red"}):
        faults.append(f"{place}: takes an unknown member")
    for name in schema.get("required", []):
        if not errors(place, {other: member for other, member in value.items() if other != name}):
            faults.append(f"{place}: does without {name}")


def judge_schema(place, schema):
    """Examples that stand in a schema, and words of other dialects."""
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            judge_schema(place + pointer(index), part)
    if not isinstance(schema, dict):
        return
    for value in schema.get("examples", []) + ([schema["example"]] if "example" in schema else []):
        judge("schemas", place, value)
    if "nullable" in schema:
        faults.append(f"{place}: nullable is a word of OpenAPI 3.0")
    if "format" in schema and schema["format"] not in formats.checkers and schema["format"] not in ("int32", "int64"):
        faults.append(f"{place}: nobody here checks the format {schema['format']}")
    for word in ("oneOf", "anyOf", "allOf", "items", "additionalProperties"):
        judge_schema(place + pointer(word), schema.get(word))
    for name, part in schema.get("properties", {}).items():
        judge_schema(place + pointer("properties", name), part)


def lost(value):
    """References to nothing; with one of them nothing else can be judged."""
    if isinstance(value, dict) and isinstance(value.get("$ref"), str):
        try:
            resolve(value)
        except KeyError:
            yield f"nothing is at {value['$ref']}"
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from lost(part)


if found := sorted(set(lost(document))):
    sys.exit("\n".join(found))
if found := [f"{error.json_path}: {error.message}" for error in OpenAPIV31SpecValidator(document).iter_errors()]:
    sys.exit("\n".join(["no OpenAPI 3.1:", *found]))
for name, schema in document["components"]["schemas"].items():
    judge_schema(pointer("components", "schemas", name), schema)
    if name.endswith("Body") and schema.get("additionalProperties") is not False:
        faults.append(f"{name}: a request body takes unknown members")
for name, response in document["components"].get("responses", {}).items():
    judge_media("refusals", pointer("components", "responses", name), response)
for path, item in document["paths"].items():
    for method, operation in item.items():
        place = pointer("paths", path, method)
        for index, parameter in enumerate(operation.get("parameters", [])):
            here = place + pointer("parameters", index, "schema")
            judge_schema(here, parameter["schema"])
            for value in examples(parameter):
                # A parameter is text; what its schema takes for a number is one.
                number = resolve(parameter["schema"]).get("type") == "integer"
                judge("parameters", here, int(value) if number else value)
        judge_media("requests", place + pointer("requestBody"), operation.get("requestBody", {}))
        for status, response in operation["responses"].items():
            kind = "answers" if status.startswith("2") else "refusals"
            judge_media(kind, place + pointer("responses", status), response)

print("\n".join(faults) if faults else json.dumps(judged))
sys.exit(1 if faults else 0)
