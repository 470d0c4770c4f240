//! What a schema refers to, and what that refers to.

use std::collections::BTreeSet;

use headgate_model::SchemaReference;

use crate::RegistryFault;
use crate::answer::{Reference, SchemaAnswer};
use crate::client::Client;

const MAX_DEPTH: usize = 32;
const MAX_REFERENCES: usize = 500;

/// A step of a walk in depth.
enum Step {
    Enter(Reference, usize),
    Leave(Reference, String),
}

/// Every schema that `references` lead to, what others need before them.
pub(crate) async fn resolve(
    client: &Client,
    references: Vec<Reference>,
) -> Result<Vec<SchemaReference>, RegistryFault> {
    let mut found = Vec::new();
    let (mut done, mut open) = (BTreeSet::new(), BTreeSet::new());
    let mut steps = entered(references, 1);
    while let Some(step) = steps.pop() {
        match step {
            Step::Leave(reference, text) => {
                open.remove(&reference);
                found.push(SchemaReference { name: reference.name.clone(), text });
                done.insert(reference);
            }
            Step::Enter(reference, _) if done.contains(&reference) => {}
            Step::Enter(reference, depth) => {
                if !open.insert(reference.clone()) {
                    return Err(unusable(&reference, "it refers to itself".to_owned()));
                }
                if depth > MAX_DEPTH || done.len() + open.len() > MAX_REFERENCES {
                    let bounds = format!("{MAX_DEPTH} levels or {MAX_REFERENCES} schemas");
                    return Err(unusable(&reference, format!("more than {bounds} of references")));
                }
                let SchemaAnswer { schema, references, .. } = fetch(client, &reference).await?;
                steps.push(Step::Leave(reference, schema));
                steps.extend(entered(references.unwrap_or_default(), depth + 1));
            }
        }
    }
    Ok(found)
}

/// The last is taken first.
fn entered(references: Vec<Reference>, depth: usize) -> Vec<Step> {
    references.into_iter().rev().map(|reference| Step::Enter(reference, depth)).collect()
}

/// Deleted versions too: a schema that was registered with them still means them.
async fn fetch(client: &Client, reference: &Reference) -> Result<SchemaAnswer, RegistryFault> {
    let version = reference.version.to_string();
    let path = ["subjects", &reference.subject, "versions", &version];
    let answer = client.get(&path, &[("deleted", "true")]).await?;
    answer.ok_or_else(|| unusable(reference, "it is not there".to_owned()))
}

fn unusable(reference: &Reference, reason: String) -> RegistryFault {
    let Reference { name, subject, version } = reference;
    RegistryFault::Invalid {
        url: format!("version {version} of subject {subject}"),
        what: format!("the reference {name}"),
        reason,
    }
}
