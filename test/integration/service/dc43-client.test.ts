import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { testService } from "../../api/service/support/service.ts";
import { run } from "../../support/command.ts";
import { python } from "../../support/python.ts";

const folder = "test/support/dc43";
const token = "dc43-token-0123456789";

test("dc43's own client drives the service", async () => {
  const interpreter = await python("dc43", `${folder}/requirements.txt`);
  const sha256 = createHash("sha256").update(token).digest("hex");
  const service = await testService({
    tokens: [{ name: "dc43", scopes: ["read", "write"], sha256 }],
  });
  try {
    const told = await run(interpreter, [`${folder}/drive.py`, service.url, token]);
    expect(JSON.parse(told)).toEqual({
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
  } finally {
    await service.stop();
  }
});
