//! JSON in all the ways that mean the same: white space, order, escapes, forms of numbers, and
//! members that nobody asked for.

use arrow_schema::DataType;

use headgate_model::map_parts;

use super::model::{Model, day, instant};

pub struct Writer {
    /// Where the choices come from.
    seed: u64,
    out: String,
}

static UNKNOWN: Model = Model::Misfit(r#"{"a":[1e-7,{"b":null},"\uDEAD"],"":"\"}"}"#);

/// `record` is an object of `of`'s fields.
pub fn write(record: &Model, of: &DataType, seed: u64) -> String {
    let mut writer = Writer { seed, out: String::new() };
    writer.value(record, of);
    writer.out
}

impl Writer {
    fn choose(&mut self, choices: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.seed >> 33) % choices
    }

    fn space(&mut self) {
        let space = ["", "", "", "", " ", "\n\t", "\r\n  "][self.choose(7) as usize];
        self.out.push_str(space);
    }

    fn value(&mut self, value: &Model, of: &DataType) {
        self.space();
        match (value, of) {
            (Model::Absent | Model::Null, _) => self.out.push_str("null"),
            (Model::Misfit(text), _) => self.out.push_str(text),
            (Model::Text(text), _) => self.string(text),
            (Model::Int(int), _) => self.int(*int),
            (Model::Float(bits), DataType::Float32) => {
                let text = format!("{:?}", f64::from_bits(*bits) as f32);
                self.out.push_str(&text);
            }
            (Model::Float(bits), _) => self.float(f64::from_bits(*bits)),
            (Model::Bool(bool), _) => self.out.push_str(if *bool { "true" } else { "false" }),
            (Model::Decimal(unscaled), _) => self.decimal(*unscaled),
            (Model::Days(days), _) => self.string(&day(*days)),
            (Model::Micros(micros), DataType::Timestamp(_, zone)) => {
                let minutes = [0, 90, -300, 839][self.choose(4) as usize];
                let bare = zone.is_none() || self.choose(4) == 0;
                self.string(&instant(*micros, (!bare).then_some(minutes)));
            }
            (Model::Object(members), DataType::Struct(fields)) => {
                let members = members.iter().zip(fields);
                let members =
                    members.map(|((name, value), field)| (name.as_str(), value, field.data_type()));
                self.object(members.filter(|member| *member.1 != Model::Absent).collect());
            }
            (Model::List(items), DataType::List(item)) => {
                self.out.push('[');
                for (index, value) in items.iter().enumerate() {
                    self.out.push_str(if index > 0 { "," } else { "" });
                    self.value(value, item.data_type());
                }
                self.space();
                self.out.push(']');
            }
            (Model::Map(entries), DataType::Map(of, _)) => {
                let [_, of] = map_parts(of).unwrap();
                self.out.push('{');
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.out.push_str(if index > 0 { "," } else { "" });
                    self.space();
                    self.string(key);
                    self.space();
                    self.out.push(':');
                    self.value(value, of.data_type());
                }
                self.space();
                self.out.push('}');
            }
            (value, of) => panic!("{value:?} as {of}"),
        }
        self.space();
    }

    fn object(&mut self, mut members: Vec<(&str, &Model, &DataType)>) {
        if self.choose(4) == 0 {
            members.push(("not in the schema", &UNKNOWN, &DataType::Null));
        }
        if self.choose(2) == 0 {
            for end in (1..members.len()).rev() {
                let other = self.choose(end as u64 + 1) as usize;
                members.swap(end, other);
            }
        }
        self.out.push('{');
        for (index, (name, value, of)) in members.into_iter().enumerate() {
            self.out.push_str(if index > 0 { "," } else { "" });
            self.space();
            self.string(name);
            self.space();
            self.out.push(':');
            self.value(value, of);
        }
        self.space();
        self.out.push('}');
    }

    fn string(&mut self, text: &str) {
        let escape_all = self.choose(8) == 0;
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' | '\\' | '\0'..='\x1f' => self.escape(character),
                _ if escape_all => self.escape(character),
                _ => self.out.push(character),
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, character: char) {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '/' => "\\/",
            '\x08' => "\\b",
            '\x0c' => "\\f",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => "",
        };
        if !short.is_empty() && self.choose(2) == 0 {
            return self.out.push_str(short);
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            self.out.push_str(&format!("\\u{unit:04x}"));
        }
    }

    fn int(&mut self, int: i64) {
        let text = match self.choose(8) {
            0 => format!("{int}.000"),
            1 if int != 0 => format!("{int}0e-1"),
            2 if int % 100 == 0 => format!("{}E+2", int / 100),
            _ => int.to_string(),
        };
        self.out.push_str(&text);
    }

    fn float(&mut self, float: f64) {
        let text = match self.choose(3) {
            0 => format!("{float}"),
            1 => format!("{float:e}"),
            _ => format!("{float:?}"),
        };
        self.out.push_str(&text);
    }

    fn decimal(&mut self, unscaled: i128) {
        let (sign, digits) = (if unscaled < 0 { "-" } else { "" }, unscaled.unsigned_abs());
        let text = match self.choose(3) {
            0 => format!("{sign}{digits}e-4"),
            1 => format!("{sign}{}.{:04}00", digits / 10_000, digits % 10_000),
            _ => format!("{sign}{}.{:04}", digits / 10_000, digits % 10_000),
        };
        self.out.push_str(&text);
    }
}
