"""Validates programme files against the JSON Schema: validate_programmes.py SCHEMA FILE...

Prints a line for each file: what is wrong first, or nothing. Reads TOML as editors do: its days and times are strings.
"""
import datetime
import json
import sys
import tomllib

import jsonschema


def plain(value):
    """A value of TOML as JSON has it."""
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) for child in value]
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return value


with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
validator_class = jsonschema.validators.validator_for(schema)
assert validator_class is jsonschema.Draft202012Validator, schema.get("$schema")
validator_class.check_schema(schema)
validator = validator_class(schema)
for name in sys.argv[2:]:
    with open(name, "rb") as file:
        try:
            programme = plain(tomllib.load(file))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            print(f"not TOML: {error}".replace("\n", " "))
            continue
    fault = jsonschema.exceptions.best_match(validator.iter_errors(programme))
    print("" if fault is None else f"{fault.json_path}: {fault.message}".replace("\n", " "))
