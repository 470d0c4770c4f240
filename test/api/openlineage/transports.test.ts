import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { LineageEvent } from "../../../ts/openlineage/event.ts";
import { consoleTransport, fileTransport } from "../../../ts/openlineage/file-transport.ts";
import { httpTransport } from "../../../ts/openlineage/http-transport.ts";
import { openLineage } from "../../../ts/openlineage/openlineage.ts";
import { ctx, RecordingTransport, told } from "./support.ts";

const { signal } = ctx;
let event: LineageEvent;
beforeEach(async () => {
  const transport = new RecordingTransport();
  await openLineage({ namespace: "ingest", transport }).tell(told(4), ctx);
  event = transport.last;
});

interface Received {
  method?: string;
  url?: string;
  headers: IncomingMessage["headers"];
  event: unknown;
}

/** Keeps what it is sent, and answers by `answer`. */
async function service(answer: (response: ServerResponse) => void) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const { method, url, headers } = request;
    received.push({ method, url, headers, event: await json(request) });
    answer(response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

test.each([
  ["", "/api/v1/lineage"],
  ["/openapi/openlineage", "/openapi/openlineage/api/v1/lineage"],
  ["/openapi/openlineage/", "/openapi/openlineage/api/v1/lineage"],
])("events are posted below %j, with the key", async (base, path) => {
  const { url, received } = await service((response) => response.writeHead(201).end("{}"));
  await httpTransport({ url: `${url}${base}`, apiKey: "k-1" }).emit(event, { signal });
  expect(received).toMatchObject([{ method: "POST", url: path, event }]);
  expect(received[0]?.headers).toMatchObject({
    authorization: "Bearer k-1",
    "content-type": "application/json",
  });
});

test("without a key none is sent", async () => {
  const { url, received } = await service((response) => response.end());
  await httpTransport({ url }).emit(event, { signal });
  expect(received[0]?.headers).not.toHaveProperty("authorization");
});

test.each([400, 401, 422, 429, 500, 503, 302])(
  "the answer %s is an error that says it",
  async (status) => {
    const location = "http://127.0.0.1:9/elsewhere";
    const { url, received } = await service((response) =>
      response.writeHead(status, { location }).end(`no\n${"x".repeat(1_000)}`),
    );
    const transport = httpTransport({ url, apiKey: "k-1" });
    const error = await Promise.resolve(transport.emit(event, { signal })).catch((error) => error);
    expect(error.message).toMatch(
      new RegExp(`^${url}/api/v1/lineage: answered ${status} no x{197}$`),
    );
    expect(received).toHaveLength(1);
  },
);

test("an event that is not taken is told again until it is", async () => {
  let answers = 0;
  const { url, received } = await service((response) => {
    answers += 1;
    response.writeHead(answers === 2 ? 503 : 200).end();
  });
  const observer = openLineage({ namespace: "ingest", transport: httpTransport({ url }) });
  await expect(observer.tell(told(4), ctx)).rejects.toThrow("answered 503");
  await observer.tell(told(4), ctx);
  const types = received.map(({ event }) => (event as LineageEvent).eventType);
  expect(types).toEqual(["START", "RUNNING", "RUNNING"]);
  expect(received[2]?.event).toEqual(received[1]?.event);
});

test("a service that does not answer is given up after the time", async () => {
  const { url } = await service(() => {});
  const emitted = httpTransport({ url, timeoutMs: 50 }).emit(event, { signal });
  await expect(emitted).rejects.toThrow(`${url}/api/v1/lineage: no answer within 50 ms`);
});

test("a service that is not there is named", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const emitted = httpTransport({ url: `http://127.0.0.1:${port}` }).emit(event, { signal });
  await expect(emitted).rejects.toThrow(/lineage: fetch failed: .*ECONNREFUSED/);
});

test("nothing waits for a service once the query waits no longer", async () => {
  const stopped = new AbortController();
  const { url } = await service(() => stopped.abort(new Error("the query has ended")));
  const emitted = httpTransport({ url }).emit(event, { signal: stopped.signal });
  await expect(emitted).rejects.toThrow("the query has ended");
  const again = httpTransport({ url }).emit(event, { signal: stopped.signal });
  await expect(again).rejects.toThrow("the query has ended");
});

test.each([
  [{ url: "marquez:5000" }],
  [{ url: "not an address" }],
  [{ url: "http://user:hunter2@127.0.0.1:5000" }],
  [{ url: "http://127.0.0.1:5000?token=hunter2" }],
  [{ url: "http://127.0.0.1:5000", apiKey: "hunter2\n" }],
  [{ url: "http://127.0.0.1:5000", apiKey: "" }],
  [{ url: "http://127.0.0.1:5000", timeoutMs: 0 }],
])("options that cannot be used are refused, without their secrets: %j", (options) => {
  expect(() => httpTransport(options)).toThrow(/^openLineage: (url|apiKey|timeoutMs): expected/);
  expect(() => httpTransport(options)).not.toThrow(/hunter2/);
});

async function temporaryFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "headgate-lineage-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, "lineage.jsonl");
}

test("a file gets one line an event, from several transports at once", async () => {
  const path = await temporaryFile();
  const transports = [fileTransport(path), fileTransport(path)];
  const emitted = Array.from({ length: 40 }, (_, at) =>
    transports[at % 2]?.emit(event, { signal }),
  );
  await Promise.all(emitted);
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => line !== "");
  expect(lines.map((line) => JSON.parse(line))).toEqual(Array(40).fill(event));
});

test("a line that was cut off spoils no other", async () => {
  const path = await temporaryFile();
  await writeFile(path, "");
  await fileTransport(path).emit(event, { signal });
  await appendFile(path, '{"eventType":"RUN');
  await fileTransport(path).emit(event, { signal });
  await fileTransport(path).emit(event, { signal });
  const line = JSON.stringify(event);
  expect(await readFile(path, "utf8")).toBe(`${line}\n{"eventType":"RUN\n${line}\n${line}\n`);
});

test("a file that cannot be written is an error", async () => {
  const emitted = fileTransport("/nowhere/lineage.jsonl").emit(event, { signal });
  await expect(emitted).rejects.toThrow("ENOENT");
});

test("the console gets one line an event", () => {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  onTestFinished(() => write.mockRestore());
  consoleTransport().emit(event, { signal });
  expect(write.mock.calls).toEqual([[`${JSON.stringify(event)}\n`]]);
});
