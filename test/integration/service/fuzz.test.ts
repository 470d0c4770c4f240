import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { httpGovernance } from "../../../ts/governance.ts";
import { contract } from "../../api/governance/support/samples.ts";
import { testService } from "../../api/service/support/service.ts";
import { run } from "../../support/command.ts";
import { python } from "../../support/python.ts";

const token = "fuzz-token-0123456789";
const seed = "20261130";

test("whatever schemathesis makes of the description is answered, and never with a 500", async () => {
  const interpreter = await python("schemathesis", "test/support/schemathesis/requirements.txt");
  const sha256 = createHash("sha256").update(token).digest("hex");
  const tokens = [{ name: "fuzz", scopes: ["read" as const, "write" as const], sha256 }];
  const service = await testService({ tokens });
  const home = await mkdtemp(join(tmpdir(), "headgate-schemathesis-"));
  try {
    await httpGovernance({ baseUrl: service.url, token }).contracts.put(contract("1.0.0"));
    const checks = ["not_a_server_error", "status_code_conformance", "content_type_conformance"];
    const more = ["response_schema_conformance", "ignored_auth", "unsupported_method"];
    const told = await run(
      interpreter,
      [
        ...["-c", "from schemathesis.cli import schemathesis; schemathesis()"],
        ...["run", `${service.url}/openapi.json`, "--checks", [...checks, ...more].join(",")],
        ...["--header", `Authorization: Bearer ${token}`, "--max-examples", "10"],
        ...["--phases", "examples,coverage,fuzzing", "--seed", seed, "--no-color"],
        ...["--suppress-health-check", "all"],
      ],
      { cwd: home, env: { HOME: home, NO_COLOR: "1" } },
    );
    expect(told).toMatch(/No issues found|passed/i);
  } finally {
    await service.stop();
    await rm(home, { recursive: true, force: true });
  }
}, 600_000);
