"""What a writer is told: from standard input one JSON array a line, the name of a function and its
arguments; each is answered with a line of JSON."""

import json
import sys

ATTEMPTS = 50
SAFE_HOURS = 168


def serve(commands, is_overtaken, answers=sys.stdout):
    """What the log's other writers overtook, by `is_overtaken` of the error, is begun anew."""
    by_name = {command.__name__: command for command in commands}
    for line in sys.stdin:
        name, *args = json.loads(line)
        print(json.dumps(insist(by_name[name], args, is_overtaken)), file=answers, flush=True)


def insist(command, args, is_overtaken):
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return {"attempts": attempt, "answer": command(*args)}
        except Exception as error:
            if attempt == ATTEMPTS or not is_overtaken(error):
                raise


def expect_deleted(count, rows):
    if count != len(rows):
        raise RuntimeError(f"{count} rows deleted instead of {len(rows)}")
