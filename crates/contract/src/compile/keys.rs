//! The primary key, and the table's partitions.

use super::builder::{Builder, Member, Named};
use crate::plan::{KeyPlan, Target};

impl Builder<'_> {
    /// One rule over all columns of the key, by their positions.
    pub fn primary_key(&mut self) {
        let members = self.in_place("primary");
        let Some(first) = members.first() else { return };
        let column = (members.len() == 1).then(|| first.column.path.clone());
        let rule = self.enforce(&first.at, Named { id: "primary_key", column: column.as_deref() });
        let columns = members.iter().map(|member| member.column.indices.clone()).collect();
        self.plan.keys.push(KeyPlan { columns, target: Target::Row(rule) });
    }

    pub fn partition_columns(&mut self) -> Vec<String> {
        self.in_place("partition").into_iter().map(|member| member.column.path).collect()
    }
}

impl<'a> Builder<'a> {
    fn in_place(&mut self, key: &str) -> Vec<Member<'a>> {
        let members = if key == "primary" { &mut self.primary } else { &mut self.partitions };
        let mut members = std::mem::take(members);
        members.sort_by_key(|member| member.place.unwrap_or(i64::MAX));
        for pair in members.windows(2) {
            if let ([first, second], true) = (pair, pair[0].place.is_some())
                && first.place == second.place
            {
                let actual = format!("that of '{}'", first.column.path);
                self.issues.add_actual(&second.at, format!("a {key} position of its own"), actual);
            }
        }
        members
    }
}
