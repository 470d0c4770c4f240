//! Which files are worth being rewritten together.

use std::collections::BTreeMap;

use crate::active::{ActiveFile, PartitionValues};

/// Fewer are left alone until more have come.
const LEAST_FILES: usize = 8;
/// Open files while rows are spread along a curve.
pub(super) const MAX_LANES: u64 = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eagerness {
    /// Whatever becomes fewer files.
    Asked,
    /// What saves readers more than it costs: each rewriting at least doubles the size of a file,
    /// so that a row is rewritten a few times in all.
    Due,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    pub target_bytes: u64,
    pub eagerness: Eagerness,
    /// Rows are to be spread along a curve, over as many files as that takes.
    pub clustered: bool,
}

impl Goal {
    pub fn wants(&self, file: &ActiveFile) -> bool {
        self.clusters_all() || file.size < self.target_bytes / 4 * 3
    }

    fn clusters_all(&self) -> bool {
        self.clustered && self.eagerness == Eagerness::Asked
    }
}

/// Files of one partition to be rewritten.
#[derive(Debug)]
pub(super) struct Group {
    pub partition: PartitionValues,
    pub files: Vec<ActiveFile>,
}

impl Group {
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// Groups of the files that [`Goal::wants`], in the order in which they were written.
pub(super) fn groups(files: Vec<ActiveFile>, goal: Goal) -> Vec<Group> {
    let mut partitions: BTreeMap<PartitionValues, Vec<ActiveFile>> = BTreeMap::new();
    for file in files {
        partitions.entry(file.partition.clone()).or_default().push(file);
    }
    let limit = goal.target_bytes * if goal.clustered { MAX_LANES } else { 1 };
    let mut groups = Vec::new();
    for (partition, mut files) in partitions {
        files.sort_by(|a, b| (a.modified, &a.logged_path).cmp(&(b.modified, &b.logged_path)));
        for files in bins(files, limit) {
            let files = match goal.eagerness {
                Eagerness::Asked => files,
                Eagerness::Due => worthwhile(files),
            };
            if files.len() > 1 || goal.clusters_all() && !files.is_empty() {
                groups.push(Group { partition: partition.clone(), files });
            }
        }
    }
    groups
}

fn bins(files: Vec<ActiveFile>, limit: u64) -> Vec<Vec<ActiveFile>> {
    let mut bins: Vec<Vec<ActiveFile>> = Vec::new();
    let mut bytes = 0;
    for file in files {
        if bins.is_empty() || bytes + file.size > limit {
            bins.push(Vec::new());
            bytes = 0;
        }
        bytes += file.size;
        if let Some(bin) = bins.last_mut() {
            bin.push(file);
        }
    }
    bins
}

/// Without files that are as large as all others together.
fn worthwhile(mut files: Vec<ActiveFile>) -> Vec<ActiveFile> {
    while files.len() >= LEAST_FILES {
        let all: u64 = files.iter().map(|file| file.size).sum();
        let largest = files.iter().enumerate().max_by_key(|(_, file)| file.size);
        match largest.map(|(index, file)| (index, file.size)) {
            Some((index, size)) if size * 2 > all => drop(files.remove(index)),
            _ => return files,
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;
    use deltalake::Path;

    fn file(name: &str, size: u64, modified: i64) -> ActiveFile {
        let (logged_path, path) = (name.to_owned(), Path::from(name));
        ActiveFile { logged_path, path, size, modified, partition: PartitionValues::new() }
    }

    fn planned(sizes: &[u64], eagerness: Eagerness, clustered: bool) -> Vec<Vec<u64>> {
        let goal = Goal { target_bytes: 100, eagerness, clustered };
        let files = sizes.iter().enumerate().map(|(at, size)| file("f", *size, at as i64));
        let wanted = files.filter(|file| goal.wants(file)).collect();
        let sizes = |group: Group| group.files.iter().map(|file| file.size).collect();
        groups(wanted, goal).into_iter().map(sizes).collect()
    }

    #[test]
    fn asked_for_all_that_becomes_fewer_is_rewritten() {
        use Eagerness::Asked;
        assert_eq!(planned(&[10, 20, 80, 30], Asked, false), [[10, 20, 30]]);
        assert_eq!(planned(&[60, 30, 50, 40], Asked, false), [[60, 30], [50, 40]]);
        assert_eq!(planned(&[60, 60], Asked, false), Vec::<Vec<u64>>::new());
        assert_eq!(planned(&[10], Asked, false), Vec::<Vec<u64>>::new());
    }

    #[test]
    fn a_curve_is_drawn_through_all_files_when_asked_for() {
        assert_eq!(planned(&[100, 90, 300], Eagerness::Asked, true), [[100, 90, 300]]);
        assert_eq!(planned(&[100], Eagerness::Asked, true), [[100]]);
        let small = [10; 8];
        let mixed: Vec<u64> = [&[300][..], &small].concat();
        assert_eq!(planned(&mixed, Eagerness::Due, true), [small]);
    }

    #[test]
    fn by_itself_a_rewriting_at_least_doubles_every_file() {
        use Eagerness::Due;
        let none = Vec::<Vec<u64>>::new();
        assert_eq!(planned(&[1; 7], Due, false), none);
        assert_eq!(planned(&[1; 8], Due, false), [[1; 8]]);
        assert_eq!(planned(&[[50].as_slice(), &[1; 7]].concat(), Due, false), none);
        assert_eq!(planned(&[[50].as_slice(), &[1; 9]].concat(), Due, false), [[1; 9]]);
        let merged = [[9].as_slice(), &[1; 9]].concat();
        assert_eq!(planned(&merged, Due, false), [merged.as_slice()]);
    }

    #[test]
    fn partitions_stay_apart() {
        let goal = Goal { target_bytes: 100, eagerness: Eagerness::Asked, clustered: false };
        let of = |day: &str, modified| ActiveFile {
            partition: PartitionValues::from([("day".to_owned(), Some(day.to_owned()))]),
            ..file("f", 1, modified)
        };
        let files = vec![of("a", 1), of("b", 2), of("a", 3), of("c", 4)];
        let found = groups(files, goal);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].files.iter().map(|file| file.modified).collect::<Vec<_>>(), [1, 3]);
    }
}
