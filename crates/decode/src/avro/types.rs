//! The types of a writer's schema, flat: records, unions and items by number, so that a type fits
//! two words and a recursive one needs no pointer back.

use std::collections::HashMap;

use apache_avro::Schema;
use apache_avro::schema::{InnerDecimalSchema, Name, RecordSchema, UuidSchema};

/// How a value is written, and what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Fixed(u32),
    Enum(u32),
    /// `size` of a fixed; `None` of bytes.
    Decimal {
        size: Option<u32>,
        scale: u32,
    },
    BigDecimal,
    UuidString,
    UuidBytes,
    UuidFixed,
    Date,
    TimeMillis,
    TimeMicros,
    Timestamp {
        unit: Unit,
        local: bool,
    },
    Duration,
    Record(u32),
    Array(u32),
    Map(u32),
    Union(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    Micros,
    Nanos,
}

#[derive(Default)]
pub(super) struct Types {
    records: Vec<Record>,
    enums: Vec<Enum>,
    /// Of arrays and maps.
    items: Vec<Item>,
    unions: Vec<Box<[Type]>>,
}

struct Record {
    name: String,
    fields: Vec<Field>,
    width: Width,
}

pub(super) struct Field {
    pub(super) name: Box<str>,
    pub(super) of: Type,
}

struct Enum {
    name: String,
    symbols: Vec<Box<str>>,
}

struct Item {
    of: Type,
    width: Width,
}

/// Bytes of every value, where all have as many.
type Width = Option<usize>;

impl Types {
    pub(super) fn fields(&self, record: u32) -> &[Field] {
        &self.records[record as usize].fields
    }

    pub(super) fn field_name(&self, record: u32, index: usize) -> &str {
        self.fields(record).get(index).map_or("", |field| &field.name)
    }

    pub(super) fn symbols(&self, of: u32) -> &[Box<str>] {
        &self.enums[of as usize].symbols
    }

    pub(super) fn branches(&self, union: u32) -> &[Type] {
        &self.unions[union as usize]
    }

    pub(super) fn item(&self, of: u32) -> Type {
        self.items[of as usize].of
    }

    pub(super) fn item_width(&self, of: u32) -> Option<usize> {
        self.items[of as usize].width
    }

    pub(super) fn width(&self, of: Type) -> Option<usize> {
        match of {
            Type::Null => Some(0),
            Type::Boolean => Some(1),
            Type::Float => Some(4),
            Type::Double => Some(8),
            Type::Duration => Some(12),
            Type::UuidFixed => Some(16),
            Type::Fixed(size) | Type::Decimal { size: Some(size), .. } => Some(size as usize),
            Type::Record(record) => self.records[record as usize].width,
            _ => None,
        }
    }

    /// In the words of Avro.
    pub(super) fn name(&self, of: Type) -> String {
        let fixed = match of {
            Type::Null => "null",
            Type::Boolean => "boolean",
            Type::Int => "int",
            Type::Long => "long",
            Type::Float => "float",
            Type::Double => "double",
            Type::Bytes => "bytes",
            Type::String => "string",
            Type::Fixed(size) => return format!("fixed({size})"),
            Type::Enum(of) => return format!("enum {}", self.enums[of as usize].name),
            Type::Decimal { size: None, scale } => {
                return format!("bytes (decimal, scale {scale})");
            }
            Type::Decimal { size: Some(size), scale } => {
                return format!("fixed({size}) (decimal, scale {scale})");
            }
            Type::BigDecimal => "bytes (big-decimal)",
            Type::UuidString => "string (uuid)",
            Type::UuidBytes => "bytes (uuid)",
            Type::UuidFixed => "fixed(16) (uuid)",
            Type::Date => "int (date)",
            Type::TimeMillis => "int (time-millis)",
            Type::TimeMicros => "long (time-micros)",
            Type::Timestamp { unit, local } => {
                let unit = match unit {
                    Unit::Millis => "millis",
                    Unit::Micros => "micros",
                    Unit::Nanos => "nanos",
                };
                return format!("long ({}timestamp-{unit})", if local { "local-" } else { "" });
            }
            Type::Duration => "fixed(12) (duration)",
            Type::Record(record) => {
                return format!("record {}", self.records[record as usize].name);
            }
            Type::Array(item) => return format!("array of {}", self.brief(self.item(item))),
            Type::Map(item) => return format!("map of {}", self.brief(self.item(item))),
            Type::Union(union) => {
                let branches = self.branches(union).iter().map(|of| self.brief(*of));
                return format!("union of {}", branches.collect::<Vec<_>>().join(", "));
            }
        };
        fixed.to_owned()
    }

    /// One level of nesting less than [`Types::name`], so that names stay short.
    fn brief(&self, of: Type) -> String {
        match of {
            Type::Array(_) => "array".to_owned(),
            Type::Map(_) => "map".to_owned(),
            Type::Union(_) => "union".to_owned(),
            other => self.name(other),
        }
    }
}

/// Types of `schema`, whose names may be defined in `others` too.
pub(super) fn types<'s>(
    schema: &'s Schema,
    others: impl Iterator<Item = &'s Schema>,
) -> Result<(Types, Type), String> {
    let mut builder = Builder { types: Types::default(), named: HashMap::new() };
    for other in others {
        builder.add(other)?;
    }
    let root = builder.add(schema)?;
    let mut types = builder.types;
    measure(&mut types);
    Ok((types, root))
}

struct Builder<'s> {
    types: Types,
    named: HashMap<&'s Name, Type>,
}

impl<'s> Builder<'s> {
    fn add(&mut self, schema: &'s Schema) -> Result<Type, String> {
        let timestamp = |unit, local| Type::Timestamp { unit, local };
        Ok(match schema {
            Schema::Null => Type::Null,
            Schema::Boolean => Type::Boolean,
            Schema::Int => Type::Int,
            Schema::Long => Type::Long,
            Schema::Float => Type::Float,
            Schema::Double => Type::Double,
            Schema::Bytes => Type::Bytes,
            Schema::String => Type::String,
            Schema::BigDecimal => Type::BigDecimal,
            Schema::Date => Type::Date,
            Schema::TimeMillis => Type::TimeMillis,
            Schema::TimeMicros => Type::TimeMicros,
            Schema::TimestampMillis => timestamp(Unit::Millis, false),
            Schema::TimestampMicros => timestamp(Unit::Micros, false),
            Schema::TimestampNanos => timestamp(Unit::Nanos, false),
            Schema::LocalTimestampMillis => timestamp(Unit::Millis, true),
            Schema::LocalTimestampMicros => timestamp(Unit::Micros, true),
            Schema::LocalTimestampNanos => timestamp(Unit::Nanos, true),
            Schema::Uuid(UuidSchema::String) => Type::UuidString,
            Schema::Uuid(UuidSchema::Bytes) => Type::UuidBytes,
            Schema::Uuid(UuidSchema::Fixed(fixed)) => self.name(&fixed.name, Type::UuidFixed),
            Schema::Duration(fixed) => self.name(&fixed.name, Type::Duration),
            Schema::Fixed(fixed) => self.name(&fixed.name, Type::Fixed(size(fixed.size)?)),
            Schema::Decimal(decimal) => {
                let scale = u32::try_from(decimal.scale).map_err(|_| "a decimal's scale")?;
                match &decimal.inner {
                    InnerDecimalSchema::Bytes => Type::Decimal { size: None, scale },
                    InnerDecimalSchema::Fixed(fixed) => {
                        let size = Some(size(fixed.size)?);
                        self.name(&fixed.name, Type::Decimal { size, scale })
                    }
                }
            }
            Schema::Enum(of) => {
                let symbols = of.symbols.iter().map(|symbol| symbol.as_str().into()).collect();
                let id = number(self.types.enums.len())?;
                self.types.enums.push(Enum { name: of.name.fullname(None), symbols });
                self.name(&of.name, Type::Enum(id))
            }
            Schema::Record(record) => self.record(record)?,
            Schema::Array(array) => Type::Array(self.item(&array.items)?),
            Schema::Map(map) => Type::Map(self.item(&map.types)?),
            Schema::Union(union) => {
                let branches = union.variants().iter().map(|branch| self.add(branch));
                let branches = branches.collect::<Result<Box<[Type]>, String>>()?;
                let id = number(self.types.unions.len())?;
                self.types.unions.push(branches);
                Type::Union(id)
            }
            Schema::Ref { name } => *self
                .named
                .get(name)
                .ok_or_else(|| format!("nothing defines the type `{}`", name.fullname(None)))?,
        })
    }

    fn name(&mut self, name: &'s Name, of: Type) -> Type {
        self.named.insert(name, of);
        of
    }

    fn record(&mut self, record: &'s RecordSchema) -> Result<Type, String> {
        let id = number(self.types.records.len())?;
        let name = record.name.fullname(None);
        self.types.records.push(Record { name, fields: Vec::new(), width: None });
        // Before its fields, which may be of it.
        let of = self.name(&record.name, Type::Record(id));
        let mut fields = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            let of = self.add(&field.schema)?;
            fields.push(Field { name: field.name.as_str().into(), of });
        }
        self.types.records[id as usize].fields = fields;
        Ok(of)
    }

    fn item(&mut self, schema: &'s Schema) -> Result<u32, String> {
        let of = self.add(schema)?;
        let id = number(self.types.items.len())?;
        self.types.items.push(Item { of, width: None });
        Ok(id)
    }
}

fn number(len: usize) -> Result<u32, String> {
    u32::try_from(len).map_err(|_| "it has too many types".to_owned())
}

fn size(size: usize) -> Result<u32, String> {
    u32::try_from(size).map_err(|_| "a fixed type is too large".to_owned())
}

/// Widths of records whose fields all have one. A record holds such as were numbered after it, inside
/// it, or named before it; so once up and once down, until nothing changes. A recursive record never
/// gets a width.
fn measure(types: &mut Types) {
    let mut changed = true;
    while changed {
        changed = false;
        let len = types.records.len();
        for id in (0..len).chain((0..len).rev()) {
            if types.records[id].width.is_some() {
                continue;
            }
            let fields = &types.records[id].fields;
            let width = fields
                .iter()
                .try_fold(0_usize, |sum, field| sum.checked_add(types.width(field.of)?));
            changed |= width.is_some();
            types.records[id].width = width;
        }
    }
    for id in 0..types.items.len() {
        types.items[id].width = types.width(types.items[id].of);
    }
}
