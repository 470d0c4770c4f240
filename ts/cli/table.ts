import Table from "cli-table3";

/** A table without lines between its rows, so that long ones stay readable. */
export function compactTable(head: readonly string[]): Table.Table {
  return new Table({
    head: [...head],
    style: { head: [], border: [] },
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
}
