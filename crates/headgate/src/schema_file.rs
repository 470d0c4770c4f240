//! A writer's schema in files.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use headgate_model::{SchemaFormat, SchemaReference, WriterSchema};

/// Protobuf's own, which every compiler knows.
const WELL_KNOWN: &str = "google/protobuf/";

type Read<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// The schema at `path`, and the files that it imports, by their names from its folder. A failure
/// names the file that cannot be read.
pub(crate) fn read(
    path: &Path,
    format: SchemaFormat,
    read: Read<'_>,
) -> Result<WriterSchema, (PathBuf, io::Error)> {
    let text = read(path).map_err(|error| (path.to_owned(), error))?;
    let mut references = Vec::new();
    if format == SchemaFormat::Protobuf {
        let folder = path.parent().unwrap_or(Path::new(""));
        follow(&text, folder, read, &mut BTreeSet::new(), &mut references)?;
    }
    Ok(WriterSchema { format, text, references })
}

/// What others need comes first.
fn follow(
    text: &str,
    folder: &Path,
    read: Read<'_>,
    seen: &mut BTreeSet<String>,
    references: &mut Vec<SchemaReference>,
) -> Result<(), (PathBuf, io::Error)> {
    for name in imports(text).filter(|name| !name.starts_with(WELL_KNOWN)) {
        if seen.insert(name.to_owned()) {
            let path = folder.join(name);
            let imported = read(&path).map_err(|error| (path, error))?;
            follow(&imported, folder, read, seen, references)?;
            references.push(SchemaReference { name: name.to_owned(), text: imported });
        }
    }
    Ok(())
}

/// Names behind `import`, `import public` and `import weak`, which stand on lines of their own.
fn imports(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let rest = line.trim().strip_prefix("import")?.trim_start();
        let rest = rest.strip_prefix("public").or(rest.strip_prefix("weak")).unwrap_or(rest);
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        rest[1..].split(quote).next()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn files(path: &Path) -> io::Result<String> {
        let text = match path.to_str().unwrap() {
            "s/trip.proto" => {
                "syntax = \"proto3\";\nimport 'a/place.proto';\nimport public \"unit.proto\";\n\
                 import \"google/protobuf/timestamp.proto\";"
            }
            "s/a/place.proto" => "import weak \"unit.proto\";",
            "s/unit.proto" => "// import \"no.proto\";",
            "s/gone.proto" => "import \"not-there.proto\";",
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(text.to_owned())
    }

    #[test]
    fn imports_are_read_from_the_folder_of_the_schema_what_others_need_first() {
        let schema = read(Path::new("s/trip.proto"), SchemaFormat::Protobuf, &files).unwrap();
        let names: Vec<_> = schema.references.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["unit.proto", "a/place.proto"]);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let (path, error) =
            read(Path::new("s/gone.proto"), SchemaFormat::Protobuf, &files).unwrap_err();
        assert_eq!(path, Path::new("s/not-there.proto"));
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
