import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { testService } from "../../api/service/support/service.ts";
import { run } from "../../support/command.ts";
import { python } from "../../support/python.ts";

const folder = "test/support/dc43";
const token = "dc43-token-0123456789";

/** What a program of dc43's tells of a service. */
async function driven(program: string): Promise<unknown> {
  const interpreter = await python("dc43", `${folder}/requirements.txt`);
  const sha256 = createHash("sha256").update(token).digest("hex");
  const service = await testService({
    tokens: [{ name: "dc43", scopes: ["read", "write"], sha256 }],
  });
  try {
    return JSON.parse(await run(interpreter, [`${folder}/${program}`, service.url, token]));
  } finally {
    await service.stop();
  }
}

test("dc43's own client drives the service", async () => {
  expect(await driven("drive.py")).toEqual({
    versions: ["1.0.0"],
    latest: "pings",
    missing: null,
    contracts: ["pings"],
    expectations: expect.arrayContaining(["required_speed"]),
    evaluated: { ok: false, status: "block", errors: ["required_speed: 3 violations"] },
    port: true,
    port_again: false,
    port_contract: ["pings", "1.0.0"],
    product_versions: ["0.1.0-draft", "0.1.0"],
    resolved: ["pings", "1.0.0"],
    resolved_port: ["pings", "1.0.0"],
    read: { ok: true, status: "ok", errors: [] },
    broken: { ok: false, status: "block", errors: ["required_speed: 3 violations"] },
    draft: "draft",
    status: { ok: false, status: "block", errors: ["required_speed: 3 violations"] },
    no_status: null,
    linked: "pings:1.0.0",
    not_linked: null,
    datasets: ["rides.pings"],
    matrix: [["2", "block"]],
    metrics: [
      ["row_count", 10],
      ["violations.required_speed", 3],
    ],
    records: [
      ["1", "ok", 0],
      ["2", "block", 3],
    ],
    activity: [
      ["1", 1, true],
      ["2", 1, true],
    ],
    review: true,
    proposed: "pings",
  });
});

test("dc43's own service keeps its governance here", async () => {
  expect(await driven("drive_store.py")).toEqual({
    empty: [[], [], [], null, null, null],
    good: ["ok", null, 0],
    broken: ["block", "required_speed: 3 violations", 3],
    // Of a version the worst stands, until it is withdrawn.
    again: ["block", "required_speed: 3 violations", 3],
    other: ["block", "dataset linked to contract pings:1.0.0", null],
    linked: "pings:1.0.0",
    datasets: ["lake/rides.pings"],
    matrix: [
      ["1", "ok"],
      ["2", "block"],
    ],
    metrics: [
      ["row_count", 10],
      ["violations.required_speed", 3],
      ["row_count", 10],
      ["violations.required_speed", 0],
    ],
    activity: [
      ["1", [["write", "ok"]]],
      [
        "2",
        [
          ["write", "block"],
          ["write", "ok"],
        ],
      ],
    ],
    records: [
      ["1", "ok", 0],
      ["2", "block", 3],
    ],
    lineage: 2,
    withdrawn: null,
  });
});
