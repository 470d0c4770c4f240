//! What a source says of options that it cannot take.

/// One thing wrong with one of `input.options`. Never carries a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionIssue {
    /// As written: `kafka.bootstrap.servers`.
    pub option: String,
    pub expected: String,
    pub actual: String,
    pub details: Option<String>,
}

impl OptionIssue {
    pub fn new(
        option: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        let (option, expected, actual) = (option.into(), expected.into(), actual.into());
        Self { option, expected, actual, details: None }
    }

    #[must_use]
    pub fn because(self, why: impl Into<String>) -> Self {
        Self { details: Some(why.into()), ..self }
    }

    /// With the name of `known` that was probably meant, if one is near.
    #[must_use]
    pub fn suggesting<'n>(self, name: &str, known: impl Iterator<Item = &'n str>) -> Self {
        match closest(name, known) {
            Some(close) => self.because(format!("did you mean {close}?")),
            None => self,
        }
    }
}

/// The known name that differs least, if it differs by little.
fn closest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let name = name.to_ascii_lowercase();
    known
        .map(|candidate| (edits(&name, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 8)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in bytes.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_suggested_and_a_far_one_is_not() {
        let details = |name: &str| {
            let issue = OptionIssue::new(name, "an option", name);
            issue.suggesting(name, ["rowsPerSecond", "numPartitions"].into_iter()).details
        };
        assert_eq!(details("rowPerSecond").as_deref(), Some("did you mean rowsPerSecond?"));
        assert_eq!(details("numpartitions").as_deref(), Some("did you mean numPartitions?"));
        assert_eq!(details("subscribe"), None);
    }
}
