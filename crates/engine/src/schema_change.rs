//! What becomes of records whose schema does not fit the contract.

use headgate_decode::DecodeFault;
use headgate_model::SchemaDifference;

use crate::EngineFault;

/// `on_schema_change`. Differences that can be lived with are told and change nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SchemaChange {
    /// Records are read as far as it goes: what does not fit is NULL and a violation.
    Evolve,
    /// They are dead letters.
    Reject,
    /// The query fails before any of them is written.
    #[default]
    Block,
}

/// A schema as messages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaName {
    pub id: u32,
    pub subject: Option<String>,
}

impl std::fmt::Display for SchemaName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.subject {
            Some(subject) => write!(f, "schema {} of {subject}", self.id),
            None => write!(f, "schema {}", self.id),
        }
    }
}

impl SchemaChange {
    /// What a decoder that was told of the schema is to do: read its records, or, for this reason,
    /// refuse them. Under [`Block`](Self::Block), a fault instead of a refusal.
    pub fn judge(
        self,
        name: &SchemaName,
        learned: Result<Vec<SchemaDifference>, DecodeFault>,
    ) -> Result<Option<String>, EngineFault> {
        let differences = match learned {
            Ok(differences) => differences,
            Err(DecodeFault::WriterSchema { reason, .. }) if self != Self::Block => {
                tracing::warn!(schema = %name, reason, "a schema cannot be used");
                return Ok(Some(format!("{name} cannot be used: {reason}")));
            }
            Err(fault) => return Err(EngineFault::SchemaUnusable { name: name.clone(), fault }),
        };
        tracing::info!(schema = %name, differences = told(&differences), "a schema is known");
        if self == Self::Evolve || differences.iter().all(|difference| difference.compatible) {
            return Ok(None);
        }
        match self {
            Self::Block => Err(EngineFault::SchemaIncompatible { name: name.clone(), differences }),
            _ => {
                let misfits = incompatible(&differences);
                Ok(Some(format!("{name} does not fit the contract: {misfits}")))
            }
        }
    }
}

pub(crate) fn incompatible(differences: &[SchemaDifference]) -> String {
    let misfits = differences.iter().filter(|difference| !difference.compatible);
    told(&misfits.cloned().collect::<Vec<_>>())
}

fn told(differences: &[SchemaDifference]) -> String {
    let told = differences.iter().map(|SchemaDifference { path, expected, actual, .. }| {
        format!("{path}: expected {expected}, found {actual}")
    });
    told.collect::<Vec<_>>().join("; ")
}
