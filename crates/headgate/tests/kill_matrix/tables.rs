//! Every coordinate produced against every coordinate stored.

use std::collections::BTreeMap;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use headgate_delta::{address_of, newest_rows, verify};
use headgate_model::TableRole;

use crate::life::{PARTITIONS, RECORDS, SINK, record};

#[tokio::main(flavor = "current_thread")]
pub async fn differences(lake: &Path, reroutes: bool) -> Vec<String> {
    let mut found: BTreeMap<(i32, i64), Vec<TableRole>> = BTreeMap::new();
    for role in TableRole::ALL.into_iter().chain(reroutes.then_some(SINK)) {
        let address = address_of(&lake.join(role.as_str())).unwrap();
        let rows = newest_rows(&address, 1_000_000).await.unwrap();
        let column = |name| rows.column_by_name(name).unwrap().clone();
        let (partitions, offsets) = (column("_kafka_partition"), column("_kafka_offset"));
        let partitions = partitions.as_primitive::<Int32Type>().values().iter();
        for (partition, offset) in partitions.zip(offsets.as_primitive::<Int64Type>().values()) {
            found.entry((*partition, *offset)).or_default().push(role);
        }
    }
    let mut wrong = Vec::new();
    for partition in 0..PARTITIONS {
        for offset in 0..RECORDS {
            let stored = found.remove(&(partition, offset)).unwrap_or_default();
            let expected = record(partition, offset).0;
            let elsewhere = reroutes && expected == TableRole::Output;
            let fits = match stored.as_slice() {
                [TableRole::Rejects | SINK] if elsewhere => true,
                [role] => *role == expected,
                _ => false,
            };
            if !fits {
                wrong.push(format!("{partition}/{offset}: {stored:?}"));
            }
        }
    }
    wrong.extend(found.keys().map(|at| format!("{at:?}: never produced")));
    let report = verify(&address_of(&lake.join("output")).unwrap(), true).await.unwrap();
    wrong.extend(report.breaks);
    if report.open_debts > 0 {
        wrong.push(format!("{} open debts", report.open_debts));
    }
    wrong
}
