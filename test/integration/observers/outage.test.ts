import { readFile } from "node:fs/promises";
import { expect, inject, onTestFinished, test } from "vitest";
import { parse } from "yaml";
import { inMemoryGovernance } from "../../../ts/governance.ts";
import {
  type Answer,
  dispatch,
  type SeenRequest,
  TestServer,
} from "../../api/governance/support/dc43-server.ts";
import { headgate, node } from "../../support/cli.ts";
import { event, records } from "../../support/events.ts";
import { createTopic, type Outgoing, produce } from "../../support/kafka/topics.ts";
import { accountsOf } from "../../support/ledger.ts";
import {
  continuous,
  eventsContract,
  splitEvents,
  temporaryLake,
  until,
} from "../../support/query.ts";

const WORKER = "test/integration/observers/governance-worker.cjs";
const DATASET = "shop.events";
const PER_BATCH = 10;
const WAIT_MS = 120_000;

/** dc43's governance in memory, in whatever trouble it is. */
class TroubledService {
  readonly #service = inMemoryGovernance();
  readonly #server = new TestServer((request) => this.#answer(request));
  /** `silent`: takes verdicts, and never says so. */
  trouble: "none" | "refused" | "unavailable" | "silent" = "none";
  /** Verdicts that it took, by their keys, as often as they came. */
  readonly taken: string[] = [];
  /** Requests that it did not answer as it should. */
  failed = 0;

  static async start(): Promise<TroubledService> {
    const service = new TroubledService();
    await service.#service.contracts.put(parse(await readFile(eventsContract, "utf8")));
    await service.#server.start();
    onTestFinished(() => service.#server.stop());
    return service;
  }

  get url(): string {
    return this.#server.baseUrl;
  }

  get governance() {
    return this.#service.governance;
  }

  /** Each key once, in the order in which it first came. */
  get told(): string[] {
    return [...new Set(this.taken)];
  }

  async enter(trouble: TroubledService["trouble"]): Promise<void> {
    if (trouble === "refused") await this.#server.stop();
    else if (this.trouble === "refused") await this.#server.start();
    this.trouble = trouble;
    this.failed = 0;
  }

  async #answer(request: SeenRequest): Promise<Answer | "hang"> {
    const { trouble } = this;
    if (trouble !== "none") this.failed += 1;
    if (trouble === "unavailable") return { status: 503 };
    const answer = await dispatch(this.#service, request);
    const isTaken = request.path === "/governance/write/evaluate" && answer.status === 200;
    if (isTaken) this.taken.push(decodeURIComponent(`${request.headers["idempotency-key"]}`));
    return trouble === "silent" && isTaken ? "hang" : answer;
  }
}

/** Verdicts in the output's log, oldest first. */
async function verdicts(table: string) {
  const [batches, blocks] = [await accountsOf(table, "batch"), await accountsOf(table, "block")];
  return [...batches, ...blocks].sort((a, b) => a.version - b.version);
}

test("200 batches, the service away for 60, the writer killed twice: each is told once, in order", async () => {
  const bootstrapServers = inject("bootstrapServers");
  const topic = await createTopic(bootstrapServers, 1);
  const lake = await temporaryLake();
  const service = await TroubledService.start();
  const options = { minOffsetsPerTrigger: `${PER_BATCH}`, "kafka.group.instance.id": "writer" };
  const config = continuous(splitEvents(bootstrapServers, topic, lake, options));
  const env = {
    QUERY: JSON.stringify({ ...config, batch: { maxRows: PER_BATCH } }),
    SERVICE: service.url,
    DATASET,
  };
  const start = async (more: Record<string, string> = {}) => {
    const worker = node([WORKER], { ...env, ...more });
    onTestFinished(() => worker.signal("SIGKILL"));
    await worker.says("started");
    return worker;
  };
  let batches = 0;
  /** Of records for so many batches, all are committed. */
  const commit = async (count: number, sent = recordsOf(batches, count)) => {
    await produce(bootstrapServers, topic, sent);
    batches += count;
    const length = async () => (await accountsOf(lake.output, "batch").catch(() => [])).length;
    await until("all is committed", async () => (await length()) === batches, WAIT_MS);
  };
  const kill = async (worker: Awaited<ReturnType<typeof start>>) => {
    worker.signal("SIGKILL");
    expect(await worker.ended).toMatchObject({ signal: "SIGKILL" });
  };

  const first = await start();
  await commit(70);
  await until("all is told", () => service.told.length === 70, WAIT_MS);
  await service.enter("refused");
  await commit(20);
  await first.says("not told");
  await kill(first);

  await service.enter("unavailable");
  const second = await start();
  await commit(20);
  await until("it is asked in vain", () => service.failed > 0, WAIT_MS);
  await service.enter("silent");
  await commit(20);
  await until("it took what it did not answer", () => service.told.length === 71, WAIT_MS);
  await kill(second);

  await service.enter("unavailable");
  const third = await start({ STRICT: "yes" });
  await produce(bootstrapServers, topic, badRecords());
  expect(await third.ended).toMatchObject({ status: 1, stderr: "INTERVENTION_BLOCKED\n" });
  expect(service.told).toHaveLength(71);

  await service.enter("none");
  const released = await headgate("release", lake.output, "--reason", "seen");
  expect(released).toMatchObject({ status: 0 });
  const fourth = await start();
  await commit(1, []);
  await commit(69);
  await until("all is told", () => service.told.length === batches + 1, WAIT_MS);
  fourth.signal("SIGTERM");
  expect(await fourth.ended).toMatchObject({ status: 0, stderr: "" });

  const log = await verdicts(lake.output);
  expect(log.map(({ account }) => account.kind).filter((kind) => kind === "block")).toHaveLength(1);
  expect(log).toHaveLength(201);
  const key = ({ version, account }: (typeof log)[number]) =>
    `${DATASET}@${version} ${account.batch} evaluate`;
  expect(service.told).toEqual(log.map(key));
  expect(service.taken.length).toBeGreaterThan(log.length);
  await expectRecordedOnce(service, log);
  expect(await headgate("verify", lake.output, "--deep")).toMatchObject({ status: 0 });
}, 600_000);

/** What governance answers has each verdict of the log once, and what its ledger says. */
async function expectRecordedOnce(
  { governance }: TroubledService,
  log: Awaited<ReturnType<typeof verdicts>>,
): Promise<void> {
  const versions = log.map(({ version }) => `${version}`);
  const metrics = await governance.metrics({ datasetId: DATASET });
  const counted = metrics.filter(({ metricKey }) => metricKey === "row_count");
  expect(counted.map(({ datasetVersion }) => datasetVersion)).toEqual(versions);
  expect(counted.map(({ metricNumericValue }) => metricNumericValue)).toEqual(
    log.map(({ account }) => account.verdict?.rowCount),
  );
  const activity = await governance.activity({ datasetId: DATASET });
  expect(activity.map(({ datasetVersion }) => datasetVersion)).toEqual(versions);
  expect(activity.flatMap(({ events }) => events)).toHaveLength(log.length);
  const records = await governance.datasetRecords({ datasetId: DATASET });
  const blocks = records.filter(({ status }) => status === "block");
  const blocked = log.filter(({ account }) => account.kind === "block");
  expect(blocks.map(({ datasetVersion }) => datasetVersion)).toEqual(
    blocked.map(({ version }) => `${version}`),
  );
}

/** Those of `count` batches from the `from`-th on. */
function recordsOf(from: number, count: number): Outgoing[] {
  return records(count * PER_BATCH, { from: from * PER_BATCH, partitions: 1 });
}

/** Of one batch. */
function badRecords(): Outgoing[] {
  const value = JSON.stringify({ ...event(0), amount: -1 });
  return Array.from({ length: PER_BATCH }, () => ({ value }));
}
