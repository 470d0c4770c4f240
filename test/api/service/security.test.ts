import { createHash } from "node:crypto";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serve } from "../../../ts/service/serve.ts";
import { contract } from "../governance/support/samples.ts";
import { type TestService, testService } from "./support/service.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const [reader, writer] = ["read-token-0123456789", "write-token-0123456789"];
const put = "/contracts/pings/versions/1.0.0";

let service: TestService;
beforeAll(async () => {
  service = await testService({
    tokens: [
      { name: "reader", scopes: ["read"], sha256: sha256(reader) },
      { name: "writer", scopes: ["read", "write"], sha256: sha256(writer) },
    ],
    allowed_origins: ["https://console.example"],
    max_body_bytes: 64 * 1024,
  });
});
afterAll(() => service.stop());

const as = (token: string) => ({ authorization: `Bearer ${token}` });
const ask = async (path: string, headers: Record<string, string> = {}) =>
  (await fetch(`${service.url}${path}`, { headers })).status;

/** `fetch` sets these headers itself. */
function statusWith(headers: Record<string, string>, path = "/contracts"): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${service.url}${path}`, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject).end();
  });
}

describe("who may ask", () => {
  test("without a token only health, readiness and the description are there", async () => {
    for (const path of ["/health", "/ready", "/openapi.json"]) expect(await ask(path)).toBe(200);
    const { paths } = (await service.get("/openapi.json")).body;
    let asked = 0;
    for (const [path, methods] of Object.entries<object>(paths)) {
      for (const method of Object.keys(methods)) {
        if (/^\/(health|ready|openapi)/.test(path)) continue;
        const at = path.replace(/\{\w+\}/g, "x");
        const answer = await fetch(`${service.url}${at}`, { method: method.toUpperCase() });
        expect([path, answer.status]).toEqual([path, 401]);
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(50);
  });

  test.each([
    ["", 401],
    ["Bearer", 401],
    ["Bearer wrong-token-0123456789", 401],
    [`Basic ${reader}`, 401],
    [`Bearer ${reader}x`, 401],
    [`Bearer ${sha256(reader)}`, 401],
    [`Bearer ${reader}`, 200],
    [`bearer ${writer}`, 200],
  ])("authorization %j is answered %i", async (authorization, status) => {
    expect(await ask("/contracts", { authorization })).toBe(status);
  });

  test("a token that may read may not write", async () => {
    const { status } = await service.send("PUT", put, contract("1.0.0"), as(reader));
    expect(status).toBe(403);
    expect((await service.send("PUT", put, contract("1.0.0"), as(writer))).status).toBe(204);
  });

  test("a service that others can reach does not start without tokens", async () => {
    const started = serve({ store: "/nowhere", host: "0.0.0.0", port: 0 });
    await expect(started).rejects.toMatchObject({ code: "CONFIG_CONFLICT" });
  });

  test.each([
    ["127.0.0.1:9", 200],
    ["localhost", 200],
    ["[::1]:80", 200],
    ["rebound.example", 421],
    ["127.0.0.1.rebound.example", 421],
  ])("under the name %j it answers %i", async (host, status) => {
    expect(await statusWith({ host, ...as(reader) })).toBe(status);
  });

  test.each([
    ["https://console.example", 200],
    ["https://evil.example", 403],
    ["null", 403],
    ["https://console.example.evil.example", 403],
  ])("to a page of %s it answers %i", async (origin, status) => {
    expect(await statusWith({ origin, ...as(reader) })).toBe(status);
  });
});

describe("what is sent", () => {
  test.each([
    ["too large", JSON.stringify({ ...contract("1.0.0"), x: "y".repeat(70_000) }), 413],
    ["no JSON", "{", 400],
    ["nothing", "", 422],
    ["no object", "[]", 422],
    ["too deep", `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`, 400],
    ["with U+0000", JSON.stringify({ ...contract("1.0.0"), x: "\u0000" }), 400],
    ["with half a pair", '{"id":"pings","version":"1.0.0","x":"\\ud800"}', 400],
    ["of another id", JSON.stringify(contract("1.0.0", { id: "other" })), 400],
  ])("%s: refused", async (_, body, status) => {
    const answer = await service.send("PUT", put, body, as(writer));
    expect([answer.status, typeof answer.body.detail]).toEqual([status, expect.any(String)]);
  });

  test("a body without an end is cut off", async () => {
    const port = Number(new URL(service.url).port);
    const socket = connect(port, "127.0.0.1");
    socket.write(
      `PUT ${put} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${writer}\r\n` +
        "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    const chunk = "y".repeat(10_000);
    for (let at = 0; at < 20; at += 1) socket.write(`2710\r\n${chunk}\r\n`);
    const answer = await new Promise<string>((resolve) =>
      socket.once("data", (d) => resolve(`${d}`)),
    );
    expect(answer).toMatch(/^HTTP\/1.1 413/);
    socket.destroy();
  });

  test("a form of another site is no JSON", async () => {
    const sent = await fetch(`${service.url}/governance/link`, {
      method: "POST",
      headers: { ...as(writer), "content-type": "text/plain" },
      body: "{}",
    });
    expect(sent.status).toBe(415);
  });

  const NASTY = [
    "'; DROP TABLE documents; --",
    '" OR "1"="1',
    "$1",
    "?",
    "%' OR 1=1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "__proto__",
    "constructor",
    "a/b",
    "..%2f..%2fetc%2fpasswd",
    "../../etc/passwd",
    "C:\\windows",
    "né\u0301 😀",
  ];
  test.each(NASTY)("%s is a name like any other", async (name) => {
    const segment = encodeURIComponent(name);
    const document = contract("1.0.0", { id: name, description: { purpose: name } });
    const at = `/contracts/${segment}/versions/1.0.0`;
    expect((await service.send("PUT", at, document, as(writer))).status).toBe(204);
    const there = await fetch(`${service.url}${at}`, { headers: as(reader) });
    expect(there.headers.get("content-type")).toMatch(/^application\/json/);
    expect(there.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await there.json()).toEqual(document);
    const link = { dataset_id: name, dataset_version: name, contract_id: name };
    const linked = { ...link, contract_version: name };
    expect((await service.send("POST", "/governance/link", linked, as(writer))).status).toBe(204);
    const query = new URLSearchParams({ dataset_id: name, dataset_version: name });
    const found = await fetch(`${service.url}/governance/linked?${query}`, { headers: as(reader) });
    expect(await found.json()).toEqual({ contract_version: `${name}:${name}` });
    const kept = `/datasets/${segment}/versions/${segment}`;
    expect((await service.send("PUT", `${kept}/status`, linked, as(writer))).status).toBe(204);
    const status = await fetch(`${service.url}${kept}/status`, { headers: as(reader) });
    expect(await status.json()).toMatchObject({ dataset_id: name, dataset_version: name });
    for (const list of ["batches", "versions", "activity", "links", "metrics"]) {
      expect(await ask(`/v1/datasets/${segment}/${list}`, as(reader))).toBe(200);
    }
  });

  test("control characters, and what is too long, are no names", async () => {
    for (const name of ["", "a\nb", "x".repeat(513)]) {
      const link = {
        dataset_id: name,
        dataset_version: "1",
        contract_id: "a",
        contract_version: "1",
      };
      expect((await service.send("POST", "/governance/link", link, as(writer))).status).toBe(422);
    }
    expect(await ask("/contracts/%2e%2e/latest", as(reader))).toBe(404);
    expect(await ask("/contracts/a%0ab/latest", as(reader))).toBe(422);
    expect(await ask("/contracts/%ff/latest", as(reader))).toBeGreaterThanOrEqual(400);
    expect(await ask("/contracts/%00/latest", as(reader))).toBe(400);
  });
});
