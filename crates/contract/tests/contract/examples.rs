//! The standard's own examples, unchanged.

use std::fs;
use std::path::PathBuf;

use headgate_contract::{Contract, ContractFault, CoverageStatus};

fn example(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/odcs").join(name);
    fs::read_to_string(path).expect(name)
}

/// What comes of each example: a contract with this many columns, rules enforced and rules not
/// enforced, or the paths of its issues.
enum Outcome {
    Compiles { columns: usize, enforced: usize, others: usize },
    Refused(&'static [&'static str]),
}

use Outcome::{Compiles, Refused};

const OUTCOMES: &[(&str, Option<&str>, Outcome)] = &[
    ("full-example.odcs.yaml", Some("tbl"), Compiles { columns: 3, enforced: 11, others: 11 }),
    (
        "full-example.odcs.yaml",
        Some("receivers"),
        Compiles { columns: 4, enforced: 10, others: 12 },
    ),
    ("full-example.odcs.yaml", None, Refused(&["schema"])),
    ("all-data-types.odcs.yaml", None, Compiles { columns: 10, enforced: 34, others: 5 }),
    ("table-column-description.odcs.yaml", None, Compiles { columns: 1, enforced: 1, others: 0 }),
    ("column-accuracy.odcs.yaml", None, Compiles { columns: 1, enforced: 2, others: 0 }),
    ("column-completeness.odcs.yaml", None, Compiles { columns: 1, enforced: 4, others: 1 }),
    ("column-custom.odcs.yaml", None, Compiles { columns: 1, enforced: 3, others: 2 }),
    ("column-validity.odcs.yaml", None, Compiles { columns: 1, enforced: 4, others: 0 }),
    ("service-and-operational-roles.odcs.yaml", None, Refused(&["schema"])),
    ("all-schema-types.odcs.yaml", Some("tbl"), Compiles { columns: 3, enforced: 6, others: 3 }),
    (
        "all-schema-types.odcs.yaml",
        Some("AnObject"),
        Compiles { columns: 1, enforced: 2, others: 0 },
    ),
    (
        "all-schema-types.odcs.yaml",
        Some("AnotherObject"),
        Compiles { columns: 1, enforced: 4, others: 0 },
    ),
    ("kafka-schema.odcs.yaml", None, Compiles { columns: 3, enforced: 6, others: 0 }),
    ("kafka-schemaregistry.odcs.yaml", None, Refused(&["schema[0].properties"])),
    ("table-column.odcs.yaml", None, Compiles { columns: 1, enforced: 1, others: 0 }),
    (
        "table-columns-with-partition.odcs.yaml",
        None,
        Compiles { columns: 4, enforced: 8, others: 0 },
    ),
    ("azure-server.odcs.yaml", None, Refused(&["schema"])),
    ("kafka-server.odcs.yaml", None, Refused(&["schema[0].properties"])),
    ("database-table-sla.odcs.yaml", None, Refused(&["schema"])),
    ("basic-four-dpo.odcs.yaml", None, Refused(&["schema"])),
];

#[test]
fn official_examples_compile_or_say_precisely_why_not() {
    let mut wrong = Vec::new();
    for (name, schema, outcome) in OUTCOMES {
        match (Contract::compile(&example(name), *schema), outcome) {
            (Ok(contract), Compiles { columns, enforced, others }) => {
                let count = |enforced| {
                    let all = contract.coverage().iter();
                    all.filter(|c| (c.status == CoverageStatus::Enforced) == enforced).count()
                };
                let found = (contract.schema().fields().len(), count(true), count(false));
                let wanted = (*columns, *enforced, *others);
                if found != wanted {
                    wrong.push(format!("{name} {schema:?}: {found:?} instead of {wanted:?}"));
                }
                assert!(contract.coverage().iter().all(|c| c.line.is_some()));
            }
            (Err(ContractFault::Invalid { issues }), Refused(paths)) => {
                let found: Vec<_> = issues.iter().map(|issue| issue.path.as_str()).collect();
                assert_eq!(found, *paths, "{name} {schema:?}");
                assert!(issues.iter().all(|issue| issue.line.is_some()));
            }
            (Ok(_), Refused(_)) => wrong.push(format!("{name} compiles")),
            (Err(fault), _) => panic!("{name} {schema:?}: {fault}: {fault:?}"),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_example_is_covered() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/odcs");
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let listed = OUTCOMES.iter().any(|(known, ..)| *known == name);
        let large = name == "postgresql-adventureworks-contract.odcs.yaml";
        assert!(listed || large || !name.ends_with(".yaml"), "{name}");
    }
}

/// 68 tables of a real database, some with columns that have no shape.
#[test]
fn the_large_example_compiles_table_by_table() {
    let text = example("postgresql-adventureworks-contract.odcs.yaml");
    let names = Contract::outline(&text).unwrap().names;
    assert_eq!(names.len(), 68);
    for name in names {
        let contract = Contract::compile(&text, Some(&name)).unwrap();
        let types = contract.rules().iter().filter(|rule| rule.unrepresentable).count();
        assert_eq!(types, contract.schema().fields().len(), "{name}");
    }
}
