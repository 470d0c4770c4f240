"""What both drivers tell a service about: a contract, and what was measured of a batch."""

from dc43_service_clients.data_quality import ObservationPayload
from open_data_contract_standard.model import OpenDataContractStandard

KEY = {"contract_id": "pings", "contract_version": "1.0.0"}
CONTRACT = OpenDataContractStandard.model_validate(
    {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "pings",
        "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "pings", "properties": [{"name": "speed", "logicalType": "number", "required": True}]}],
    }
)


def observed(violations):
    metrics = {"row_count": 10, "violations.required_speed": violations}
    return ObservationPayload(metrics=metrics, schema={"speed": {"odcs_type": "number", "nullable": False}})
