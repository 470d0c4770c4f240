//! Past values that no column wants. They are held only to what it takes to find their ends.

use super::cursor::Cursor;
use super::malformed::{Malformed, Reason, Step};
use super::types::{Type, Types};

#[inline]
pub(super) fn skip(types: &Types, of: Type, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    match of {
        Type::Int | Type::Date | Type::TimeMillis | Type::Enum(_) => cursor.int().map(drop),
        Type::Long | Type::TimeMicros | Type::Timestamp { .. } => cursor.long().map(drop),
        Type::Bytes
        | Type::String
        | Type::UuidString
        | Type::UuidBytes
        | Type::BigDecimal
        | Type::Decimal { size: None, .. } => cursor.sized().map(drop),
        _ => skip_other(types, of, cursor),
    }
}

#[inline(never)]
fn skip_other(types: &Types, of: Type, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    if let Some(width) = types.width(of) {
        return cursor.take(width).map(drop);
    }
    match of {
        Type::Record(record) => {
            cursor.enter()?;
            for (index, field) in types.fields(record).iter().enumerate() {
                skip(types, field.of, cursor)
                    .map_err(|bad| bad.within(Step::Field { record, index }))?;
            }
            cursor.leave();
            Ok(())
        }
        Type::Union(union) => {
            let branches = types.branches(union);
            let branch = branches[cursor.index(branches.len(), Reason::Branch)?];
            skip(types, branch, cursor)
        }
        Type::Array(item) => {
            items(types, item, false, cursor).map_err(|bad| bad.within(Step::Item))
        }
        Type::Map(value) => {
            items(types, value, true, cursor).map_err(|bad| bad.within(Step::Entry))
        }
        other => skip(types, other, cursor),
    }
}

fn items(types: &Types, item: u32, keyed: bool, cursor: &mut Cursor<'_>) -> Result<(), Malformed> {
    cursor.enter()?;
    while let Some(block) = cursor.block()? {
        if cursor.skip_block(&block) {
            continue;
        }
        if let (Some(width), false) = (types.item_width(item), keyed) {
            let len = usize::try_from(block.count).ok().and_then(|count| count.checked_mul(width));
            cursor.take(len.unwrap_or(usize::MAX))?;
            continue;
        }
        for _ in 0..block.count {
            if keyed {
                cursor.sized()?;
            }
            skip(types, types.item(item), cursor)?;
        }
    }
    cursor.leave();
    Ok(())
}
