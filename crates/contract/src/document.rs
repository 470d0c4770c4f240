//! The shapes of an ODCS document, as far as rules and columns need them.

use headgate_model::ContractRef;

use crate::canonical;
use crate::coverage::{CoverageStatus, RuleCoverage};
use crate::fault::ContractIssue;
use crate::node::{Node, Value};
use crate::reader::{At, Issues};
use crate::server::Server;

pub(crate) struct Document<'a> {
    pub id: String,
    pub version: String,
    pub schema: SchemaObject<'a>,
    pub sla: Vec<At<'a>>,
    /// The column of service levels that name none.
    pub sla_element: Option<&'a str>,
    pub servers: Vec<Server>,
    pub unknown: Vec<At<'a>>,
}

pub(crate) struct SchemaObject<'a> {
    /// Names that queries may call it by.
    pub tables: Vec<String>,
    pub properties: Vec<Property<'a>>,
    pub quality: Vec<At<'a>>,
    pub relationships: Vec<At<'a>>,
    pub unknown: Vec<At<'a>>,
}

pub(crate) struct Property<'a> {
    pub at: At<'a>,
    /// `physicalName`, else `name`; `element` for the items of a list, `key` and `value` in a map.
    pub column: String,
    /// `name`, as other parts of the document refer to it.
    pub name: String,
    pub logical_type: Option<At<'a>>,
    pub physical_type: Option<&'a str>,
    pub description: Option<&'a str>,
    pub classification: Option<At<'a>>,
    pub required: Option<At<'a>>,
    pub unique: Option<At<'a>>,
    pub primary_key: Option<Position<'a>>,
    pub partitioned: Option<Position<'a>>,
    pub options: Vec<(&'a str, At<'a>)>,
    pub values: Option<At<'a>>,
    pub quality: Vec<At<'a>>,
    pub relationships: Vec<At<'a>>,
    pub properties: Option<Vec<Property<'a>>>,
    pub items: Option<Box<Property<'a>>>,
    pub map: Option<MapShape<'a>>,
    /// Aggregated by its readers, and no column.
    pub measure: Option<At<'a>>,
    pub unknown: Vec<At<'a>>,
}

pub(crate) struct MapShape<'a> {
    pub key: Option<Box<Property<'a>>>,
    pub value: Option<Box<Property<'a>>>,
}

/// A flag with a place among its like.
pub(crate) struct Position<'a> {
    pub at: At<'a>,
    /// From 1. Absent ones come last, in the document's order.
    pub place: Option<i64>,
}

const ROOT_KEYS: &[&str] = &[
    "apiVersion",
    "authoritativeDefinitions",
    "context",
    "contractCreatedTs",
    "customProperties",
    "dataProduct",
    "description",
    "domain",
    "id",
    "kind",
    "name",
    "price",
    "roles",
    "schema",
    "servers",
    "slaDefaultElement",
    "slaProperties",
    "status",
    "support",
    "synonyms",
    "tags",
    "team",
    "tenant",
    "version",
];
const SCHEMA_KEYS: &[&str] = &[
    "authoritativeDefinitions",
    "businessName",
    "context",
    "customProperties",
    "dataGranularityDescription",
    "description",
    "id",
    "logicalType",
    "name",
    "physicalName",
    "physicalType",
    "properties",
    "quality",
    "relationships",
    "synonyms",
    "tags",
];
const PROPERTY_KEYS: &[&str] = &[
    "authoritativeDefinitions",
    "businessName",
    "classification",
    "context",
    "criticalDataElement",
    "customProperties",
    "description",
    "encryptedName",
    "enum",
    "examples",
    "id",
    "items",
    "logicalType",
    "logicalTypeOptions",
    "map",
    "name",
    "partitionKeyPosition",
    "partitioned",
    "physicalName",
    "physicalType",
    "primaryKey",
    "primaryKeyPosition",
    "properties",
    "quality",
    "relationships",
    "required",
    "semanticType",
    "synonyms",
    "tags",
    "transformDescription",
    "transformLogic",
    "transformSourceObjects",
    "unique",
];

impl<'a> Document<'a> {
    /// Reads the head of the document and the schema object called `schema_name`.
    pub fn read(root: &At<'a>, schema_name: Option<&str>, issues: &mut Issues) -> Option<Self> {
        let entries = root.entries(issues);
        if !matches!(root.node.value, Value::Map(_)) {
            return None;
        }
        read_api_version(root, issues);
        match root.text("kind", issues) {
            Some("DataContract") => {}
            Some(_) => root.get("kind").iter().for_each(|at| issues.add(at, "'DataContract'")),
            None if root.get("kind").is_none() => issues.missing(root, "kind", "'DataContract'"),
            None => {}
        }
        let id = read_scalar(root, "id", issues);
        let version = read_scalar(root, "version", issues);
        let schema = read_schema(root, schema_name, issues);
        let sla = root.list("slaProperties", issues);
        let sla_element = root.text("slaDefaultElement", issues);
        let servers = root.list("servers", issues);
        let servers = servers.iter().map(|at| Server::read(at, issues)).collect();
        let unknown = others(entries, ROOT_KEYS);
        Some(Self { id, version, schema: schema?, sla, sla_element, servers, unknown })
    }
}

/// Schema objects with columns, by name; and the rules of a document about others, which nothing
/// can be held against.
#[derive(Clone, Debug)]
pub struct Outline {
    pub reference: ContractRef,
    pub names: Vec<String>,
    pub columnless: Vec<RuleCoverage>,
}

impl Outline {
    pub(crate) fn read(text: &str) -> Result<Self, Vec<ContractIssue>> {
        let node = Node::parse(text).map_err(|issue| vec![issue])?;
        let root = At { node: &node, path: String::new() };
        // What is no list is an issue of compilation.
        let mut ignored = Issues::default();
        let reference = ContractRef {
            id: read_scalar(&root, "id", &mut ignored),
            version: read_scalar(&root, "version", &mut ignored),
            hash: canonical::hash(&node),
        };
        let mut outline = Self { reference, names: Vec::new(), columnless: Vec::new() };
        for object in root.list("schema", &mut ignored) {
            let name = names_of(&object).next();
            if !object.list("properties", &mut ignored).is_empty() {
                outline.names.extend(name.map(str::to_owned));
                continue;
            }
            for rule in object.list("quality", &mut ignored) {
                outline.add(&rule, ["id", "name", "metric", "type"], "quality");
            }
        }
        if outline.names.is_empty() {
            for level in root.list("slaProperties", &mut ignored) {
                outline.add(&level, ["id", "property", "", ""], "sla");
            }
        }
        Ok(outline)
    }

    fn add(&mut self, at: &At<'_>, names: [&str; 4], kind: &str) {
        let name = names.iter().find_map(|key| at.get(key)?.as_text());
        self.columnless.push(RuleCoverage {
            path: at.path.clone(),
            rule: name.unwrap_or(kind).to_owned(),
            status: CoverageStatus::NotEnforceable,
            reason: Some("the schema names no columns".into()),
            line: at.node.line,
        });
    }
}

fn others<'a>(entries: Vec<(&'a str, At<'a>)>, known: &[&str]) -> Vec<At<'a>> {
    entries.into_iter().filter(|(key, _)| !known.contains(key)).map(|(_, at)| at).collect()
}

fn read_api_version(root: &At<'_>, issues: &mut Issues) {
    const EXPECTED: &str = "v3.0.x, v3.1.x or v3.2.x";
    let Some(at) = root.get("apiVersion") else {
        return issues.missing(root, "apiVersion", EXPECTED);
    };
    let known = at.node.scalar_text().is_some_and(|text| {
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let head = (parts.next(), parts.next());
        matches!(head, (Some("3"), Some("0" | "1" | "2"))) && parts.count() <= 1
    });
    if !known {
        issues.add(&at, EXPECTED);
    }
}

/// Text, or a number as it is written: `version: 1.0` is meant as `1.0`. Empty after an issue.
fn read_scalar(root: &At<'_>, key: &str, issues: &mut Issues) -> String {
    let Some(at) = root.get(key) else {
        issues.missing(root, key, "text");
        return String::new();
    };
    let text = at.node.scalar_text().unwrap_or_default();
    if text.is_empty() {
        issues.add(&at, "text");
    }
    text.to_owned()
}

/// What a schema object may be called by.
fn names_of<'a>(object: &At<'a>) -> impl Iterator<Item = &'a str> {
    ["name", "physicalName"].into_iter().filter_map(|key| object.get(key)?.as_text())
}

fn read_schema<'a>(
    root: &At<'a>,
    wanted: Option<&str>,
    issues: &mut Issues,
) -> Option<SchemaObject<'a>> {
    let objects = root.list("schema", issues);
    let names = || {
        let names: Vec<_> = objects.iter().filter_map(|object| names_of(object).next()).collect();
        names.join(", ")
    };
    let object = match (wanted, objects.as_slice()) {
        (_, []) => {
            const EXPECTED: &str = "a schema object with properties";
            match root.get("schema") {
                None => issues.missing(root, "schema", EXPECTED),
                Some(at) if matches!(at.node.value, Value::List(_)) => issues.add(&at, EXPECTED),
                Some(_) => {}
            }
            return None;
        }
        (None, [only]) => only,
        (None, many) => {
            let expected = format!("the name of a schema object to choose ({})", names());
            let at = root.get("schema")?;
            issues.add_actual(&at, expected, format!("{} schema objects and no name", many.len()));
            return None;
        }
        (Some(wanted), _) => {
            let found = objects.iter().find(|object| names_of(object).any(|name| name == wanted));
            let Some(object) = found else {
                let at = root.get("schema")?;
                issues.add_actual(&at, format!("a schema object '{wanted}'"), names());
                return None;
            };
            object
        }
    };
    let entries = object.entries(issues);
    let properties = object.list("properties", issues);
    if properties.is_empty() {
        issues.missing(object, "properties", "at least one property");
        return None;
    }
    let mut tables: Vec<String> = names_of(object).map(str::to_owned).collect();
    tables.dedup();
    Some(SchemaObject {
        tables,
        properties: read_properties(properties, issues),
        quality: object.list("quality", issues),
        relationships: object.list("relationships", issues),
        unknown: others(entries, SCHEMA_KEYS),
    })
}

fn read_properties<'a>(list: Vec<At<'a>>, issues: &mut Issues) -> Vec<Property<'a>> {
    let mut properties: Vec<Property<'a>> = Vec::with_capacity(list.len());
    for at in list {
        let Some(property) = read_property(at, None, issues) else { continue };
        // Delta's columns differ by more than case.
        if properties.iter().any(|known| known.column.eq_ignore_ascii_case(&property.column)) {
            let actual = format!("'{}' again", property.column);
            issues.add_actual(&property.at, "a name of its own, whatever the case", actual);
        }
        properties.push(property);
    }
    properties
}

fn read_property<'a>(
    at: At<'a>,
    fixed_name: Option<&str>,
    issues: &mut Issues,
) -> Option<Property<'a>> {
    let entries = at.entries(issues);
    if !matches!(at.node.value, Value::Map(_)) {
        return None;
    }
    let name = at.text("name", issues).filter(|name| !name.is_empty());
    let physical_name = at.text("physicalName", issues).filter(|name| !name.is_empty());
    if name.is_none() && fixed_name.is_none() && physical_name.is_none() {
        issues.missing(&at, "name", "text");
    }
    let column = fixed_name.or(physical_name).or(name).unwrap_or("");
    let properties = at.get("properties").map(|list| {
        let list = list.items(issues);
        read_properties(list, issues)
    });
    let items = at.get("items").and_then(|at| read_property(at, Some("element"), issues));
    Some(Property {
        column: column.to_owned(),
        name: fixed_name.or(name).unwrap_or(column).to_owned(),
        logical_type: at.get("logicalType"),
        physical_type: at.text("physicalType", issues),
        description: at.text("description", issues),
        classification: read_text(&at, "classification", issues),
        required: read_flag(&at, "required", issues),
        unique: read_flag(&at, "unique", issues),
        primary_key: read_position(&at, "primaryKey", "primaryKeyPosition", issues),
        partitioned: read_position(&at, "partitioned", "partitionKeyPosition", issues),
        options: at.get("logicalTypeOptions").map_or_else(Vec::new, |at| at.entries(issues)),
        values: at.get("enum"),
        quality: at.list("quality", issues),
        relationships: at.list("relationships", issues),
        properties,
        items: items.map(Box::new),
        map: at.get("map").map(|at| read_map(&at, issues)),
        measure: at.get("semanticType").filter(|at| at.as_text() == Some("measure")),
        unknown: others(entries, PROPERTY_KEYS),
        at,
    })
}

fn read_map<'a>(at: &At<'a>, issues: &mut Issues) -> MapShape<'a> {
    let mut part = |name| {
        let Some(at) = at.get(name) else {
            issues.missing(at, name, "a property");
            return None;
        };
        read_property(at, Some(name), issues).map(Box::new)
    };
    MapShape { key: part("key"), value: part("value") }
}

/// Where a text is that is not empty.
fn read_text<'a>(at: &At<'a>, key: &str, issues: &mut Issues) -> Option<At<'a>> {
    let text = at.text(key, issues)?;
    if text.trim().is_empty() { None } else { at.get(key) }
}

/// Where the flag is set, and true.
fn read_flag<'a>(at: &At<'a>, key: &str, issues: &mut Issues) -> Option<At<'a>> {
    if at.flag(key, issues) { at.get(key) } else { None }
}

fn read_position<'a>(
    at: &At<'a>,
    key: &str,
    place_key: &str,
    issues: &mut Issues,
) -> Option<Position<'a>> {
    let place = at.whole(place_key, issues).filter(|place| *place > 0);
    read_flag(at, key, issues).map(|at| Position { at, place })
}
