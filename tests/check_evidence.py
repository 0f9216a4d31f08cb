"""Checks one record of an evidence package with nothing but the package: check_evidence.py PACKAGE SEQ.

Standard library for the hashes, PyJWT for the signature; no code of the service. Prints the record's body, or fails.
"""
import hashlib
import json
import sys
import zipfile

import jwt


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf(record):
    return sha256(b"\x00" + bytes.fromhex(record["hash"]))


def node(left, right):
    return sha256(b"\x01" + left + right)


def walk(index, size, root, proof):
    """RFC 9162, 2.1.3.2."""
    assert index < size
    last = size - 1
    for sibling in proof:
        assert last > 0
        if index & 1 or index == last:
            root = node(sibling, root)
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            root = node(root, sibling)
        index, last = index >> 1, last >> 1
    assert last == 0
    return root


def main(path, seq):
    with zipfile.ZipFile(path) as package:
        files = {name: package.read(name) for name in package.namelist()}
    manifest = json.loads(files["manifest.json"])
    for name, said in manifest["files"].items():
        assert hashlib.sha256(files[name]).hexdigest() == said["sha256"], name
    lines = {name: [json.loads(line) for line in text.splitlines()] for name, text in files.items() if name.endswith(".jsonl")}

    records = {record["seq"]: record for record in lines["records.jsonl"]}
    record = records[seq]
    before = records[seq - 1]["hash"] if seq - 1 in records else manifest["records"]["before"]
    assert sha256((before + record["body"]).encode()).hex() == record["hash"], "chain"
    body = json.loads(record["body"])
    assert body["seq"] == seq
    # What is hashed is canonical: written anew it is the same text.
    assert json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True) == record["body"]

    rows = {(fact["table"], fact["id"], fact["digest"]): fact for fact in lines["facts.jsonl"] if fact["seq"] == seq}
    for table, identity, digest in body["facts"]:
        fact = rows[table, identity, digest]
        if not fact.get("later"):
            text = json.dumps(fact["row"], ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            assert hashlib.sha256(text.encode()).hexdigest() == digest, (table, identity)

    checkpoint = lines["checkpoints.jsonl"][-1]
    keys = jwt.PyJWKSet.from_dict(json.loads(files["jwks.json"]))
    header = jwt.get_unverified_header(checkpoint["statement"])
    assert header["typ"] == "checkpoint+jwt"
    claims = jwt.decode(checkpoint["statement"], keys[header["kid"]], algorithms=["EdDSA"])
    for name in ("number", "size", "root", "head"):
        assert claims[name] == checkpoint[name], name
    assert claims["division"] == manifest["division"]

    for line in lines["inclusion.jsonl"]:
        first, count = line["first"], line["count"]
        if not first <= seq < first + count:
            continue
        level = [leaf(records[number]) for number in range(first, first + count)]
        while len(level) > 1:
            level = [node(level[at], level[at + 1]) for at in range(0, len(level), 2)]
        proof = [bytes.fromhex(text) for text in line["proof"]]
        found = walk((first - 1) // count, -(-claims["size"] // count), level[0], proof)
        assert found.hex() == claims["root"], "inclusion"
        print(record["body"])
        return
    raise AssertionError("no proof for the record")


main(sys.argv[1], int(sys.argv[2]))
