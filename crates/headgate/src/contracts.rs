//! The contracts of a node: read, compiled, and held to what the user asks of them.

use std::path::{Path, PathBuf};

use arrow_schema::SchemaRef;
use headgate_contract::{CheckOptions, Contract, ContractFault, fits};
use serde_json::Value;

use crate::Issue;
use crate::options::NodeOptions;
use crate::resolve::Issues;

pub(crate) fn contract(
    key: &[&str],
    options: Option<&Value>,
    base_dir: &Path,
    functions: &[String],
    read: impl Fn(&Path) -> std::io::Result<String>,
    issues: &mut Issues,
) -> Option<Contract> {
    let options = options?;
    let said = |name| member(options, name);
    let path = options.as_str().or_else(|| said("path"));
    let (text, place) = match (path, said("text")) {
        (None, Some(text)) => (text.to_owned(), said("place").unwrap_or_default().to_owned()),
        (Some(path), _) => {
            let path: PathBuf = base_dir.join(path);
            match read(&path) {
                Ok(text) => (text, path.display().to_string()),
                Err(error) => {
                    let actual = format!("{}: {error}", path.display());
                    issues.add(Issue::new(
                        key,
                        "CONTRACT_UNREADABLE",
                        "a file that can be read",
                        actual,
                    ));
                    return None;
                }
            }
        }
        (None, None) => (options.to_string(), "the document given".to_owned()),
    };
    match Contract::compile_with(&text, said("schema"), functions) {
        Ok(contract) => Some(contract),
        Err(fault) => {
            tell(fault, key, &place, "an ODCS document", issues);
            None
        }
    }
}

/// Of a contract that is named, `{ path, … }`, or was read by whoever asks: `{ text, place, … }`. A
/// document has members of its own.
pub(crate) fn member<'a>(options: &'a Value, name: &str) -> Option<&'a str> {
    let object = options.as_object()?;
    let is_document = object.contains_key("apiVersion") || object.contains_key("kind");
    object.get(name).filter(|_| !is_document)?.as_str()
}

/// What is wrong with a document that is at `place`.
pub(crate) fn tell(
    fault: ContractFault,
    key: &[&str],
    place: &str,
    expected: &str,
    issues: &mut Issues,
) {
    let ContractFault::Invalid { issues: found } = fault else {
        let actual = fault.to_string();
        return issues.add(Issue::new(key, "CONTRACT_INVALID", expected, actual));
    };
    for issue in found {
        let line = issue.line.map(|line| format!(":{line}")).unwrap_or_default();
        let path = if issue.path.is_empty() { "the top" } else { &issue.path };
        let told = Issue::new(key, "CONTRACT_INVALID", issue.expected, issue.actual);
        issues.add(told.details(format!("{place}{line}, at {path}")));
    }
}

/// Every rule is enforced, where the user asks for that.
pub(crate) fn check_coverage(
    options: &NodeOptions,
    contract: Option<&Contract>,
    issues: &mut Issues,
) {
    if options.require_full_coverage != Some(true) {
        return;
    }
    for rule in contract.iter().flat_map(|c| c.coverage()).filter(|rule| !rule.is_enforced()) {
        let line = rule.line.map(|line| format!(", line {line}")).unwrap_or_default();
        let reason = rule.reason.as_deref().unwrap_or("not enforced");
        let actual = format!("{}: {reason}", rule.rule);
        issues.add(
            Issue::new(
                &["require_full_coverage"],
                "CONTRACT_COVERAGE",
                "every rule enforced",
                actual,
            )
            .details(format!("at {}{line}", rule.path)),
        );
    }
}

pub(crate) fn check_shadow(options: &NodeOptions, shadow: Option<&Contract>, issues: &mut Issues) {
    if shadow.is_some() && !options.has_contract() {
        let expected = "a contract that it is compared with";
        issues.add(Issue::new(&["shadow_contract"], "CONFIG_CONFLICT", expected, "none"));
    }
}

/// The contract of the rejects names columns that they have, and asks nothing that only the
/// contract of the output can be asked.
pub(crate) fn check_rejects(
    options: &NodeOptions,
    contract: Option<&Contract>,
    rejects: Option<&SchemaRef>,
    issues: &mut Issues,
) {
    const KEY: [&str; 1] = ["rejects_contract"];
    if options.rejects_contract.is_none() {
        return;
    }
    let Some(rejects) = rejects else {
        issues.add(Issue::new(&KEY, "CONFIG_CONFLICT", "a table for rejects", "none"));
        return;
    };
    let Some(contract) = contract else { return };
    for field in contract.schema().fields() {
        let found = rejects.field_with_name(field.name()).ok();
        if found.is_none_or(|found| !fits(field.data_type(), found.data_type())) {
            let expected = format!("column {} of the rejects as it is there", field.name());
            let actual = found.map_or("no such column".to_owned(), |found| {
                format!("{}, where the contract has {}", found.data_type(), field.data_type())
            });
            issues.add(Issue::new(&KEY, "CONFIG_CONFLICT", expected, actual));
        }
    }
    let asks = contract.queries().len() + contract.functions().len();
    if asks > 0 || contract.checker(CheckOptions::default()).forgotten().is_some() {
        let expected = "rules of rows, and of a batch by library metrics";
        issues.add(Issue::new(
            &KEY,
            "CONFIG_CONFLICT",
            expected,
            "rules by sql, functions or scope",
        ));
    }
}
