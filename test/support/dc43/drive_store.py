"""Keeps the governance of dc43's own service in a store behind HTTP, and prints what it makes of the answers."""

import json
import sys

from dc43_service_backends.governance.backend.local import LocalGovernanceServiceBackend
from dc43_service_backends.governance.backend.stores.http import HttpGovernanceStore
from dc43_service_clients.contracts.client.remote import RemoteContractServiceClient
from dc43_service_clients.data_quality.client.remote import RemoteDataQualityServiceClient
from pings import CONTRACT, KEY, observed

base_url, token = sys.argv[1], sys.argv[2]
how = {"base_url": base_url, "token": token}
contracts = RemoteContractServiceClient(**how)
store = HttpGovernanceStore(base_url, token=token)
governance = LocalGovernanceServiceBackend(
    contract_client=contracts, dq_client=RemoteDataQualityServiceClient(**how), store=store
)

DATASET = "lake/rides.pings"
contracts.put(CONTRACT)
told = {}


def evaluate(version, violations):
    of = {"dataset_id": DATASET, "dataset_version": version, **KEY}
    governance.evaluate_dataset(
        validation=None, observations=lambda: observed(violations), operation="write", pipeline_context="gate", **of
    )
    return governance.get_status(**of)


def seen(result):
    return None if result is None else [result.status, result.reason, result.details.get("violations")]


told["empty"] = [
    list(store.list_datasets()),
    list(store.load_pipeline_activity(dataset_id=DATASET)),
    list(store.load_metrics(dataset_id=DATASET)),
    store.get_linked_contract_version(dataset_id=DATASET),
    store.get_linked_contract_version(dataset_id=DATASET, dataset_version="1"),
    seen(store.load_status(dataset_id=DATASET, dataset_version="1", **KEY)),
]
told["good"] = seen(evaluate("1", 0))
told["broken"] = seen(evaluate("2", 3))
told["again"] = seen(evaluate("2", 0))
told["other"] = seen(
    store.load_status(contract_id="pings", contract_version="2.0.0", dataset_id=DATASET, dataset_version="2")
)
told["linked"] = governance.get_linked_contract_version(dataset_id=DATASET, dataset_version="2")
told["datasets"] = list(governance.list_datasets())
told["matrix"] = [
    [each["dataset_version"], each["status"].status] for each in governance.get_status_matrix(dataset_id=DATASET)
]
told["metrics"] = [
    [each["metric_key"], each["metric_numeric_value"]]
    for each in governance.get_metrics(dataset_id=DATASET, dataset_version="2")
]
told["activity"] = [
    [each["dataset_version"], [[event["operation"], event["dq_status"]] for event in each["events"]]]
    for each in governance.get_pipeline_activity(dataset_id=DATASET)
]
told["records"] = [
    [each["dataset_version"], each["status"], each["violations"]]
    for each in governance.get_dataset_records(dataset_id=DATASET)
]
lineage = {"eventType": "COMPLETE", "job": {"namespace": "jobs", "name": "gate"}}
store.record_pipeline_event(
    dataset_id=DATASET, dataset_version="1", event={"operation": "read"}, lineage_event=lineage, **KEY
)
[first] = store.load_pipeline_activity(dataset_id=DATASET, dataset_version="1")
told["lineage"] = first["lineage_event"] == lineage and len(first["events"])
store.save_status(dataset_id=DATASET, dataset_version="2", status=None, **KEY)
told["withdrawn"] = seen(store.load_status(dataset_id=DATASET, dataset_version="2", **KEY))
print(json.dumps(told, default=str))
