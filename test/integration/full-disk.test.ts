import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { command, Running } from "../support/cli.ts";
import { configFile } from "../support/config-file.ts";
import { differences } from "../support/coordinates.ts";
import { destinationOf, records } from "../support/events.ts";
import { createTopic, produce } from "../support/kafka/topics.ts";
import { splitEvents, temporaryFolder } from "../support/query.ts";

const bootstrapServers = inject("bootstrapServers");

/**
 * A disk of its own for one process: a small memory file system in a mount namespace. It is filled
 * by a run, made larger, run into again, verified, and copied out.
 */
const SCRIPT = `
  set -u
  mount -t tmpfs -o size=1m tmpfs "$LAKE" || exit 90
  "$NODE" "$CLI" run "$CONFIG" --json > "$OUT/first.out" 2> "$OUT/first.err"; echo "first $?"
  mount -o remount,size=200m "$LAKE" || exit 91
  "$NODE" "$CLI" run "$CONFIG" --json > "$OUT/second.out" 2> "$OUT/second.err"; echo "second $?"
  "$NODE" "$CLI" verify "$LAKE/events"; echo "verify $?"
  cp -r "$LAKE/." "$OUT/"`;

test("a disk that fills ends the run with one clear error, and nothing committed is lost", async () => {
  const topic = await createTopic(bootstrapServers);
  const produced = await produce(bootstrapServers, topic, records(60_000));
  const [mount, out] = [await temporaryFolder(), await temporaryFolder()];
  const lake = (folder: string) => ({
    output: join(folder, "events"),
    rejects: join(folder, "events_rejects"),
    deadLetters: join(folder, "events_dead_letters"),
  });
  const config = await configFile({
    ...splitEvents(bootstrapServers, topic, lake(mount)),
    batch: { maxRows: 2_000 },
  });

  const env = { LAKE: mount, OUT: out, CONFIG: config, CLI: command(), NODE: process.execPath };
  const child = spawn("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", SCRIPT], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { status, stdout, stderr } = await new Running(child).ended;
  expect({ status, stderr }, "this test needs `unshare` and user namespaces").toMatchObject({
    status: 0,
  });
  expect(stdout).toContain("first 1");
  expect(stdout).toContain("second 0");
  expect(stdout).toContain("verify 0");
  const said =
    (await readFile(join(out, "first.out"), "utf8")) +
    (await readFile(join(out, "first.err"), "utf8"));
  expect(said).toContain("DELTA_DISK_FULL");
  expect(await differences(lake(out), produced, destinationOf)).toEqual([]);
});
