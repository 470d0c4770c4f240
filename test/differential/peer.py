"""What datacontract-cli measures: `peer.py CONTRACT` prints a JSON list of its checks.

The contract names its data relative to the working directory.
"""

import json
import logging
import sys

logging.disable(logging.CRITICAL)

from datacontract.data_contract import DataContract  # noqa: E402
from datacontract.engines import data_contract_test  # noqa: E402

# This pass over JSON files counts nothing, and a bound that is a date ends the whole run in it.
data_contract_test._runs_jsonschema_checks = lambda *_: False


def described(check):
    measured = check.diagnostics or {}
    return {
        "type": check.type,
        "schema": check.model,
        "column": check.field,
        "qualityId": check.qualityId,
        "count": measured.get("value"),
        "percent": measured.get("percent"),
        "failedRows": measured.get("failed_rows"),
        "result": check.result.value if check.result else None,
        "reason": check.reason,
    }


run = DataContract(data_contract_file=sys.argv[1]).test()
print(json.dumps([described(check) for check in run.checks]))
