//! Rules against predicates written the plain way, over random rows.

use std::collections::HashSet;

use crate::support::*;
use arrow_array::types::{Float64Type, Int64Type};
use headgate_contract::{CheckOptions, Contract};
use proptest::prelude::*;

/// Long enough to cross blocks, with both many and few NULLs.
fn column<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + Clone + 'static,
) -> impl Strategy<Value = Vec<Option<T>>> {
    let some = value.clone().prop_map(Some);
    prop_oneof![
        proptest::collection::vec(some, 0..300),
        proptest::collection::vec(proptest::option::weighted(0.98, value.clone()), 0..300),
        proptest::collection::vec(proptest::option::weighted(0.3, value), 0..300),
    ]
}

fn expected<T: Clone>(rows: &[Option<T>], bad: impl Fn(T) -> bool) -> Vec<u32> {
    let rows = rows.iter().enumerate();
    rows.filter(|(_, value)| (*value).clone().is_some_and(&bad))
        .map(|(row, _)| row as u32)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn integers_break_a_range_iff_they_are_outside(
        values in column(-20_i64..20), low in -25.0..25.0_f64, width in 0.0..20.0_f64, exclusive in any::<bool>(),
    ) {
        let high = low + width + 0.001;
        let (min, max) = if exclusive { ("exclusiveMinimum", "exclusiveMaximum") } else { ("minimum", "maximum") };
        let contract = property(&format!("logicalType: integer, logicalTypeOptions: {{ {min}: {low}, {max}: {high} }}"));
        let mut found: Vec<_> = violations(&contract, vec![numbers::<Int64Type>(values.clone())]).into_iter().map(|v| v.0).collect();
        found.dedup();
        let outside = |value: i64| {
            let value = value as f64;
            if exclusive { value <= low || value >= high } else { value < low || value > high }
        };
        prop_assert_eq!(found, expected(&values, outside));
    }

    #[test]
    fn doubles_break_a_bound_iff_they_do_not_meet_it(values in column(any::<f64>()), bound in -1e3..1e3_f64) {
        let contract = property(&format!("logicalType: number, logicalTypeOptions: {{ minimum: {bound} }}"));
        let found = broken_by(&contract, "minimum_a", numbers::<Float64Type>(values.clone()));
        prop_assert_eq!(found, expected(&values, |value| value.is_nan() || value < bound));
    }

    #[test]
    fn texts_break_a_length_iff_they_have_fewer_or_more_characters(
        values in column("[aé日😀]{0,6}"), min in 0_usize..5, more in 0_usize..3,
    ) {
        let max = min + more;
        let contract = property(&format!("logicalType: string, logicalTypeOptions: {{ minLength: {min}, maxLength: {max} }}"));
        let array = texts(values.iter().map(|value| value.as_deref()));
        let found: Vec<_> = violations(&contract, vec![array]).into_iter().map(|v| v.0).collect();
        let bad = |text: String| !(min..=max).contains(&text.chars().count());
        prop_assert_eq!(found, expected(&values, bad));
    }

    #[test]
    fn texts_break_an_enumeration_iff_they_are_none_of_it(
        values in column("[ab]{0,18}"), listed in proptest::collection::hash_set("[ab]{0,18}", 1..20), hits in any::<u64>(),
    ) {
        let listed: Vec<_> = listed.into_iter().collect();
        // Random texts seldom meet a list: let half of them.
        let values: Vec<_> = values.into_iter().enumerate().map(|(row, value)| {
            value.map(|text| if hits >> (row % 64) & 1 == 1 { listed[row % listed.len()].clone() } else { text })
        }).collect();
        let quoted: Vec<_> = listed.iter().map(|text| format!("'{text}'")).collect();
        let contract = property(&format!("logicalType: string, enum: [{}]", quoted.join(", ")));
        let found = broken_by(&contract, "enum_a", texts(values.iter().map(|value| value.as_deref())));
        prop_assert_eq!(found, expected(&values, |text| !listed.contains(&text)));
    }

    #[test]
    fn required_and_metrics_count_the_same_nulls(values in column(any::<i64>())) {
        let contract = property("logicalType: integer, required: true, quality: [{ metric: nullValues, mustBeLessThan: 3 }]");
        let mut checker = contract.checker(CheckOptions::default());
        let checked = checker.check(&rows(&contract, vec![numbers::<Int64Type>(values.clone())]), &[]).unwrap();
        let nulls: Vec<_> = (0..values.len() as u32).filter(|row| values[*row as usize].is_none()).collect();
        prop_assert_eq!(&checked.violating, &nulls);
        let results = checker.finish(&[], 0).rules;
        let metric = result(&results, "null_values_a");
        prop_assert_eq!(metric.measured, Some(nulls.len() as f64));
        prop_assert_eq!(metric.violations, u64::from(nulls.len() >= 3));
        prop_assert_eq!(result(&results, "required_a").violations, nulls.len() as u64);
    }

    #[test]
    fn chunks_are_checked_as_one_piece_would_be(
        values in column("[ab]{0,4}"), numbers_ in proptest::collection::vec(0_i64..12, 300), cuts in proptest::collection::vec(0_usize..300, 0..5),
    ) {
        let contract = contract(
            "{ name: a, logicalType: string, unique: true, quality: [{ metric: duplicateValues, mustBeLessThan: 5, unit: percent }, { metric: nullValues, mustBe: 3 }] }
             { name: b, logicalType: integer, primaryKey: true, logicalTypeOptions: { maximum: 9 } }",
        );
        let text = texts(values.iter().map(|value| value.as_deref()));
        let number = numbers::<Int64Type>(numbers_.iter().take(values.len()).copied().map(Some));
        let whole = rows(&contract, vec![text, number]);
        let mut once = contract.checker(CheckOptions::default());
        let checked = once.check(&whole, &[]).unwrap();
        let expected = named(&once, &checked);

        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(values.len())).chain([0, values.len()]).collect();
        cuts.sort_unstable();
        let mut parts = contract.checker(CheckOptions::default());
        let mut found = Vec::new();
        for range in cuts.windows(2) {
            let checked = parts.check(&whole.slice(range[0], range[1] - range[0]), &[]).unwrap();
            found.extend(named(&parts, &checked).into_iter().map(|(row, id)| (row + range[0] as u32, id)));
        }
        prop_assert_eq!(found, expected);
        prop_assert_eq!(parts.finish(&[], 0), once.finish(&[], 0));
    }

    #[test]
    fn unique_names_each_row_whose_value_came_before(values in column("[a-c]{0,20}")) {
        let contract = property("logicalType: string, unique: true");
        let found = broken_by(&contract, "unique_a", texts(values.iter().map(|value| value.as_deref())));
        let mut seen = HashSet::new();
        let mut expected = Vec::new();
        for (row, value) in values.iter().enumerate() {
            if value.as_ref().is_some_and(|value| !seen.insert(value)) {
                expected.push(row as u32);
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn compiling_any_text_ends_without_panic(text in "[ -~\\n]{0,200}") {
        let _ = Contract::compile(&text, None);
        let _ = compile(&document(&text));
    }
}
