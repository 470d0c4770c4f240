//! A schema on its own, or beside a contract that says nothing, over payloads.

use headgate_contract::{CheckOptions, Contract, ContractFault, ContractIssue, JsonSchema};
use headgate_decode::{DecodeOptions, json};
use headgate_model::{ChunkBuilder, PartitionId, RecordChunk};

pub fn schema(text: &str) -> JsonSchema {
    JsonSchema::compile(text, "test").unwrap_or_else(|fault| panic!("{fault:?}\n{text}"))
}

pub fn issues_of(text: &str) -> Vec<ContractIssue> {
    match JsonSchema::compile(text, "test").and_then(|schema| schema.contract()) {
        Err(ContractFault::Invalid { issues }) => issues,
        other => panic!("{text}: {other:?}"),
    }
}

pub fn alone(text: &str) -> Contract {
    schema(text).contract().unwrap_or_else(|fault| panic!("{fault:?}\n{text}"))
}

/// With a contract of one column that takes anything.
pub fn beside(text: &str) -> Contract {
    const CONTRACT: &str = "
apiVersion: v3.1.0
kind: DataContract
id: of_anything
version: 1.0.0
status: active
schema: [{ name: rows, properties: [{ name: not_a_field_of_anybody, logicalType: string }] }]
";
    let contract = Contract::compile(CONTRACT, None).unwrap();
    schema(text).beside(&contract).unwrap()
}

fn chunk(payloads: &[&str]) -> RecordChunk {
    let mut builder = ChunkBuilder::default();
    let partition = builder.partition(&PartitionId::new("t", "-", 0));
    for (payload, offset) in payloads.iter().zip(0..) {
        builder.push(partition, offset, None, Some(payload.as_bytes()), None, []);
    }
    builder.finish(0, 0)
}

/// The rules that each payload breaks, by location; `None` of what is no row.
pub fn broken(contract: &Contract, payloads: &[&str]) -> Vec<Option<Vec<String>>> {
    let chunk = chunk(payloads);
    let mut decoder = json(contract.schema(), DecodeOptions::default()).unwrap();
    let decoded = decoder.decode(&chunk).unwrap();
    let mut checker = contract.checker(CheckOptions::default());
    let records = (0..decoded.rows.num_rows() as u32).map(|row| decoded.records.get(row).unwrap());
    let records: Vec<usize> = records.map(|record| record as usize).collect();
    let found = checker.find_in(records.iter().map(|record| chunk.get(*record).value));
    let checked = checker.check_with(&decoded.rows, &decoded.fields, found).unwrap();
    assert!(!checked.unjudged);
    let mut broken = vec![None; payloads.len()];
    records.iter().for_each(|record| broken[*record] = Some(Vec::new()));
    for violation in checked.violations {
        let id = &checker.rules()[usize::from(violation.rule)].id;
        let location = id.strip_prefix("json_schema").unwrap().trim_start_matches(':');
        let row = broken[records[violation.row as usize]].as_mut().unwrap();
        assert!(!row.iter().any(|known| known == location), "{location} twice");
        row.push(location.to_owned());
    }
    broken
}

/// The rules that a payload breaks, by location, in alphabetical order.
pub fn locations(contract: &Contract, payload: &str) -> Vec<String> {
    let mut found = broken(contract, &[payload]).remove(0).expect(payload);
    found.sort();
    found
}
