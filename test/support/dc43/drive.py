"""Drives a governance service by the clients of dc43, and prints what they make of its answers."""

import json
import sys

from dc43_service_clients.contracts.client.remote import RemoteContractServiceClient
from dc43_service_clients.data_products.client.remote import RemoteDataProductServiceClient
from dc43_service_clients.data_quality.client.remote import RemoteDataQualityServiceClient
from dc43_service_clients.governance.client.remote import RemoteGovernanceServiceClient
from dc43_service_clients.governance.lineage import decode_lineage_event
from dc43_service_clients.governance.models import ContractReference, GovernanceReadContext, GovernanceWriteContext
from pings import CONTRACT, KEY, observed

base_url, token = sys.argv[1], sys.argv[2]
how = {"base_url": base_url, "token": token}
contracts = RemoteContractServiceClient(**how)
products = RemoteDataProductServiceClient(**how)
quality = RemoteDataQualityServiceClient(**how)
governance = RemoteGovernanceServiceClient(**how)

DATASET = "rides.pings"
told = {}


def status_of(result):
    return None if result is None else {"ok": result.ok, "status": result.status, "errors": list(result.errors)}


governance.configure_auth("credentials")
contracts.put(CONTRACT)
told["versions"] = list(contracts.list_versions("pings"))
told["latest"] = contracts.latest("pings").id
told["missing"] = contracts.latest("nothing")
told["contracts"] = list(contracts.list_contracts()["items"])
told["expectations"] = [each["key"] for each in quality.describe_expectations(contract=CONTRACT)]
told["evaluated"] = status_of(quality.evaluate(contract=CONTRACT, payload=observed(3)))

told["port"] = products.register_output_port(data_product_id="dp.rides", port_name="out", **KEY).changed
told["port_again"] = products.register_output_port(data_product_id="dp.rides", port_name="out", **KEY).changed
products.register_input_port(
    data_product_id="dp.report", port_name="in", source_data_product="dp.rides", source_output_port="out", **KEY
)
told["port_contract"] = products.resolve_output_contract(data_product_id="dp.rides", port_name="out")
product = products.latest("dp.rides")
product.version, product.status = "0.1.0", "active"
products.put(product)
told["product_versions"] = list(products.list_versions("dp.rides"))

context = GovernanceWriteContext(
    contract=ContractReference(contract_id="pings", version_selector=">=1.0.0"),
    dataset_id=DATASET,
    dataset_version="1",
    dataset_format="delta",
    pipeline_context={"pipeline": "gate", "run_type": "enforce"},
)
plan = governance.resolve_write_context(context=context)
told["resolved"] = [plan.contract_id, plan.contract_version]
assessment = governance.evaluate_write_plan(plan=plan, validation=None, observations=lambda: observed(0))
governance.register_write_activity(plan=plan, assessment=assessment)
of_port = governance.resolve_write_context(context=GovernanceWriteContext.from_port("dp.rides", "out"))
told["resolved_port"] = [of_port.contract_id, of_port.contract_version]
read = governance.resolve_read_context(
    context=GovernanceReadContext(contract=ContractReference("pings"), dataset_id=DATASET, dataset_version="1")
)
told["read"] = status_of(
    governance.evaluate_read_plan(plan=read, validation=None, observations=lambda: observed(0)).status
)

broken = governance.evaluate_dataset(
    dataset_id=DATASET, dataset_version="2", validation=None, observations=lambda: observed(3), operation="write",
    draft_on_violation=True, pipeline_context="gate", **KEY,
)
told["broken"] = status_of(broken.status)
told["draft"] = broken.draft.status
told["status"] = status_of(governance.get_status(dataset_id=DATASET, dataset_version="2", **KEY))
told["no_status"] = governance.get_status(dataset_id=DATASET, dataset_version="3", **KEY)
governance.link_dataset_contract(dataset_id=DATASET, dataset_version="3", **KEY)
told["linked"] = governance.get_linked_contract_version(dataset_id=DATASET, dataset_version="3")
told["not_linked"] = governance.get_linked_contract_version(dataset_id="nothing")
told["datasets"] = list(governance.list_datasets())
told["matrix"] = [
    [each.dataset_version, each.status.status]
    for each in governance.get_status_matrix(dataset_id=DATASET, dataset_versions=["2"])
]
told["metrics"] = sorted(
    [each["metric_key"], each["metric_numeric_value"]]
    for each in governance.get_metrics(dataset_id=DATASET, dataset_version="2")
)
told["records"] = [
    [each["dataset_version"], each["status"], each["violations"]]
    for each in governance.get_dataset_records(dataset_id=DATASET)
]
governance.publish_lineage_event(
    event=decode_lineage_event(
        {
            "eventType": "COMPLETE",
            "eventTime": "2026-11-21T10:00:00Z",
            "producer": "https://example.com",
            "run": {"runId": "01936a5e-7c00-7000-8000-000000000002", "facets": {}},
            "job": {"namespace": "jobs", "name": "gate", "facets": {}},
            "inputs": [{"namespace": "kafka://broker:9092", "name": "pings", "facets": {}}],
            "outputs": [{"namespace": "lake", "name": DATASET, "facets": {}}],
        }
    )
)
told["activity"] = [
    [each["dataset_version"], len(each["events"]), "lineage_event" in each]
    for each in governance.get_pipeline_activity(dataset_id=DATASET)
]
told["review"] = governance.review_validation_outcome(validation=broken.validation, base_contract=CONTRACT) is not None
told["proposed"] = governance.propose_draft(validation=broken.validation, base_contract=CONTRACT).id
print(json.dumps(told, default=str))
