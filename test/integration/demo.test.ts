import { expect, inject, test } from "vitest";
import { command, node } from "../support/cli.ts";
import { temporaryFolder } from "../support/query.ts";
import { countRows } from "../support/readers/read-table.ts";

interface Summary {
  produced: number;
  accepted: number;
  rejected: number;
  deadLetters: number;
  skipped: number;
  tables: { name: string; path: string; role: string; rows: number }[];
}

async function demo(
  ...args: string[]
): Promise<{ lines: Record<string, unknown>[]; summary: Summary }> {
  const directory = await temporaryFolder();
  const options = ["--json", "--seconds", "5", "--dir", directory, ...args];
  const { status, stdout, stderr } = await node([command(), "demo", ...options]).ended;
  expect(stderr).toBe("");
  expect(status).toBe(0);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return { lines, summary: lines.at(-1) };
}

function expectBalance({ lines, summary }: Awaited<ReturnType<typeof demo>>): void {
  expect(Object.keys(summary)).toEqual([
    ...["event", "produced", "accepted", "rejected", "deadLetters", "skipped", "tables"],
  ]);
  expect(summary).toMatchObject({ event: "summary", skipped: 0 });
  expect(summary.produced).toBeGreaterThan(0);
  expect(summary.accepted + summary.rejected + summary.deadLetters).toBe(summary.produced);
  const rowsOf = (role: string) =>
    summary.tables.filter((t) => t.role === role).reduce((sum, t) => sum + t.rows, 0);
  expect(rowsOf("output")).toBe(summary.accepted);
  expect(rowsOf("rejects")).toBe(summary.rejected);
  expect(rowsOf("dead_letters")).toBe(summary.deadLetters);
  expect(lines.length).toBeGreaterThan(2);
}

test("the demo balances to the record over the embedded broker, and other readers agree", async () => {
  const result = await demo();
  expectBalance(result);
  expect(result.summary.rejected).toBeGreaterThan(0);
  expect(result.summary.deadLetters).toBeGreaterThan(0);
  expect(result.summary.tables.map(({ role }) => role).sort()).toEqual([
    ...["dead_letters", "dead_letters", "output", "output", "rejects", "rejects"],
  ]);
  for (const { path, rows } of result.summary.tables) expect(await countRows(path)).toBe(rows);
});

test("the demo without damage rejects nothing", async () => {
  const result = await demo("--malformed-rate", "0");
  expectBalance(result);
  expect(result.summary).toMatchObject({ rejected: 0, deadLetters: 0 });
});

test("the demo runs against a real broker as well", async () => {
  expectBalance(await demo("--kafka", inject("bootstrapServers")));
});
