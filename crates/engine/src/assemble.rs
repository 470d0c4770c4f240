//! From a checked chunk to the rows of each table, as the policy says.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;
use headgate_contract::{CheckedRows, RowViolation};
use headgate_decode::Decoded;
use headgate_model::{ContractRef, Counts, DeadLetterKind, RecordChunk, RuleInfo, TableRole};

use crate::columns::{self, Picked, constant, constant_or_null, of_row};
use crate::rejects_contract::Refused;
use crate::{EngineFault, Layout, Policy, RejectsContract, RejectsTo};

pub(crate) struct Assembler {
    pub layout: Layout,
    pub contract: Option<ContractRef>,
    pub rules: Vec<RuleInfo>,
    /// What the rejects are held against.
    pub rejects_contract: Option<RejectsContract>,
}

/// The rows of a chunk, by table; `counts` balances.
#[derive(Debug)]
pub(crate) struct Assembled {
    pub tables: Vec<(TableRole, RecordBatch)>,
    pub counts: Counts,
    /// The policy has no place for some of the rows: the batch cannot be committed.
    pub blocks: bool,
}

struct Chunk<'a> {
    records: &'a RecordChunk,
    decoded: &'a Decoded,
    checked: &'a CheckedRows,
    batch_uuid: &'a str,
}

impl Chunk<'_> {
    fn record_of(&self, row: u32) -> u32 {
        self.decoded.records.get(row).unwrap_or_default()
    }

    fn records_of(&self, rows: &[u32]) -> Vec<u32> {
        rows.iter().map(|row| self.record_of(*row)).collect()
    }
}

impl Assembler {
    pub fn assemble(
        &mut self,
        records: &RecordChunk,
        decoded: &Decoded,
        checked: &CheckedRows,
        batch_uuid: &str,
    ) -> Result<Assembled, EngineFault> {
        let chunk = Chunk { records, decoded, checked, batch_uuid };
        self.tables(&chunk)
    }

    fn tables(&mut self, chunk: &Chunk<'_>) -> Result<Assembled, EngineFault> {
        let Chunk { records, decoded, checked, .. } = chunk;
        let options = self.layout.options.clone();
        let rows = decoded.rows.num_rows() as u64;
        let nowhere = options.rejects == RejectsTo::Nowhere;
        let (routed, copied): (&[u32], Vec<u32>) = match options.policy {
            Policy::Block | Policy::Split => (&checked.violating, Vec::new()),
            Policy::Allow if !nowhere => (&checked.unrepresentable, copies(checked)),
            Policy::Allow | Policy::Flag => (&checked.unrepresentable, Vec::new()),
        };
        let mut counts = Counts {
            records: records.len() as u64,
            accepted: rows - routed.len() as u64,
            rejected: routed.len() as u64,
            dead_letters: decoded.dead.len() as u64,
            skipped: decoded.skipped.len() as u64,
            rerouted: 0,
            copied: copied.len() as u64,
        };
        // Rows that nobody could judge have no place among those that hold, nor among the others.
        let blocks = (!routed.is_empty() && (options.policy == Policy::Block || nowhere))
            || (checked.unjudged && !options.policy.writes_violating_rows());
        let mut tables = Vec::new();
        if blocks {
            return Ok(Assembled { tables, counts, blocks });
        }
        if counts.accepted > 0 {
            tables.push((TableRole::Output, self.output(chunk, routed)?));
        }
        let mut letters = Vec::new();
        match options.rejects {
            RejectsTo::Rejects if !routed.is_empty() || !copied.is_empty() => {
                let (rows, refused) = self.held_rejects(chunk, routed, &copied, &mut counts)?;
                letters = refused;
                if rows.num_rows() > 0 {
                    tables.push((TableRole::Rejects, rows));
                }
            }
            RejectsTo::Rejects | RejectsTo::Nowhere => {}
            RejectsTo::DeadLetters => {
                counts.dead_letters += counts.rejected;
                counts.rejected = 0;
                let found = &chunk.checked.violations;
                let letter = |row: &u32| (*row, reason(of_row(found, *row), &self.rules));
                letters = routed.iter().chain(&copied).map(letter).collect();
            }
        }
        if !letters.is_empty() && !options.dead_letters {
            return Ok(Assembled { tables: Vec::new(), counts, blocks: true });
        }
        if !decoded.dead.is_empty() || !letters.is_empty() {
            tables.push((TableRole::DeadLetters, self.dead_letters(chunk, letters)?));
        }
        Ok(Assembled { tables, counts, blocks })
    }

    /// The rejects that keep their own contract; of the others those that are not in the output as
    /// well, and why they are none.
    fn held_rejects(
        &mut self,
        chunk: &Chunk<'_>,
        routed: &[u32],
        copied: &[u32],
        counts: &mut Counts,
    ) -> Result<(RecordBatch, Vec<(u32, String)>), EngineFault> {
        let rows = self.rejects(chunk, &[routed, copied].concat())?;
        let Some(contract) = &mut self.rejects_contract else { return Ok((rows, Vec::new())) };
        let refused = contract.refused(&rows)?;
        let mut keep = vec![true; rows.num_rows()];
        let mut letters = Vec::new();
        for Refused { row, reason } in refused {
            keep[row as usize] = false;
            match routed.get(row as usize) {
                Some(row) => letters.push((*row, reason)),
                None => counts.copied -= 1,
            }
        }
        counts.rejected -= letters.len() as u64;
        counts.dead_letters += letters.len() as u64;
        Ok((filter_record_batch(&rows, &BooleanArray::from(keep))?, letters))
    }

    fn output(&self, chunk: &Chunk<'_>, routed: &[u32]) -> Result<RecordBatch, ArrowError> {
        let num_rows = chunk.decoded.rows.num_rows();
        let (payload, kept) = if routed.is_empty() {
            (chunk.decoded.rows.clone(), (0..num_rows as u32).collect())
        } else {
            let mut keep = vec![true; num_rows];
            for row in routed {
                keep[*row as usize] = false;
            }
            let kept: Vec<u32> = (0..num_rows as u32).filter(|row| keep[*row as usize]).collect();
            (filter_record_batch(&chunk.decoded.rows, &BooleanArray::from(keep))?, kept)
        };
        let records = chunk.records_of(&kept);
        let picked = Picked { chunk: chunk.records, records: &records };
        let options = &self.layout.options;
        let mut columns = payload.columns().to_vec();
        if options.decoded.has_origin() {
            columns.extend(picked.origin());
        }
        if options.metadata {
            columns.extend(picked.coordinates());
            columns.extend(picked.ingestion());
        }
        if options.policy == Policy::Flag {
            let found = &chunk.checked.violations;
            columns.push(columns::violations(kept.into_iter(), found, &self.rules, true));
        }
        self.batch(TableRole::Output, columns)
    }

    fn rejects(&self, chunk: &Chunk<'_>, rows: &[u32]) -> Result<RecordBatch, ArrowError> {
        let taken = take_record_batch(&chunk.decoded.rows, &UInt32Array::from(rows.to_vec()))?;
        let records = chunk.records_of(rows);
        let mut columns = taken.columns().to_vec();
        columns.extend(evidence(&Picked { chunk: chunk.records, records: &records }));
        let found = &chunk.checked.violations;
        columns.push(columns::violations(rows.iter().copied(), found, &self.rules, false));
        let contract = self.contract.as_ref();
        let parts: [Option<&str>; 3] = [
            contract.map(|contract| contract.id.as_str()),
            contract.map(|contract| contract.version.as_str()),
            contract.map(|contract| contract.hash.as_str()),
        ];
        columns.extend(parts.map(|part| constant_or_null(part, rows.len())));
        columns.push(constant(chunk.batch_uuid, rows.len()));
        self.batch(TableRole::Rejects, columns)
    }

    /// Undecodable records, then rows as `SCHEMA_VIOLATION`, each with its reason.
    fn dead_letters(
        &self,
        chunk: &Chunk<'_>,
        rejected: Vec<(u32, String)>,
    ) -> Result<RecordBatch, ArrowError> {
        let dead = &chunk.decoded.dead;
        let mut records: Vec<u32> = dead.iter().map(|letter| letter.record).collect();
        records.extend(rejected.iter().map(|(row, _)| chunk.record_of(*row)));
        let mut columns = evidence(&Picked { chunk: chunk.records, records: &records });
        let violation = DeadLetterKind::SchemaViolation.as_str();
        let kinds = dead.iter().map(|letter| letter.kind.as_str());
        let kinds = kinds.chain(std::iter::repeat_n(violation, rejected.len()));
        columns.push(Arc::new(StringArray::from_iter_values(kinds)));
        let messages = dead.iter().map(|letter| letter.message.clone());
        let reasons = rejected.into_iter().map(|(_, reason)| reason);
        columns.push(Arc::new(StringArray::from_iter_values(messages.chain(reasons))));
        columns.push(constant(chunk.batch_uuid, records.len()));
        self.batch(TableRole::DeadLetters, columns)
    }

    fn batch(&self, role: TableRole, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
        let missing = || ArrowError::SchemaError(format!("no {} table", role.as_str()));
        let schema: &SchemaRef = self.layout.schema(role).ok_or_else(missing)?;
        RecordBatch::try_new(Arc::clone(schema), columns)
    }
}

fn evidence(picked: &Picked<'_>) -> Vec<ArrayRef> {
    let mut columns = vec![picked.raw_values()];
    columns.extend(picked.origin());
    columns.extend(picked.coordinates());
    columns.extend(picked.ingestion());
    columns
}

/// Violating rows that the output can represent.
fn copies(checked: &CheckedRows) -> Vec<u32> {
    let represented = |row: &&u32| checked.unrepresentable.binary_search(row).is_err();
    checked.violating.iter().filter(represented).copied().collect()
}

/// `required_trip_id (trip_id); minimum_speed (speed)`.
pub(crate) fn reason(violations: &[RowViolation], rules: &[RuleInfo]) -> String {
    let named: Vec<String> = violations
        .iter()
        .map(|violation| &rules[violation.rule as usize])
        .map(|rule| match &rule.column {
            Some(column) => format!("{} ({column})", rule.id),
            None => rule.id.clone(),
        })
        .collect();
    named.join("; ")
}
