"""Reads an exported table as others would: read_table.py FILE [SHEET]. Prints its rows as JSON, each cell as [type, value].

Of a workbook the sheet that is shown first, or the one of that name.

The types are openpyxl's: s a string, n a number or nothing, d a date, f a formula. In CSV everything is a string.
"""
import csv
import json
import sys
from datetime import datetime

from openpyxl import load_workbook


def of_workbook(path, name=None):
    book = load_workbook(path)
    sheet = book[name] if name else book.active
    for row in sheet.iter_rows():
        # repr() has the digits that the file has.
        shown = lambda value: value.isoformat() if isinstance(value, datetime) else value if value is None else str(value)
        yield [[cell.data_type, shown(cell.value)] for cell in row]


def of_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        if file.read(1) != "\ufeff":
            sys.exit("no byte order mark")
        for row in csv.reader(file, strict=True):
            yield [["s", value] for value in row]


path = sys.argv[1]
print(json.dumps(list(of_workbook(*sys.argv[1:]) if path.endswith(".xlsx") else of_csv(path))))
