import { setTimeout as sleep } from "node:timers/promises";
import type { Exchange } from "../support/s3/exchange.ts";
import {
  conflict,
  describes,
  type Fault,
  inTurn,
  internalError,
  logEntry,
  lostReply,
  ownWriteRefused,
  type Rule,
  reset,
  slowDown,
} from "../support/s3/faults.ts";
import { openStoreLake, type StoreLake } from "../support/s3/lake.ts";
import { type S3Access, startS3 } from "../support/s3/server.ts";
import { type Ingestion, ingest } from "./ingest.ts";
import { lakeOnStore } from "./lake.ts";
import type { Chaos, Scenario } from "./scenario.ts";

const PARTITIONS = 6;
const PER_SECOND = 2_000;
/** Between a death and who comes in its place. */
const ABSENCE_MS = 1_000;
/** One request of so many is in trouble: what is tried again mostly succeeds. */
const SPACING = 4;

const late: Fault = { kind: "late", ms: 700 };
const ofRequests: readonly Fault[] = [
  slowDown,
  internalError,
  reset,
  lostReply,
  { kind: "false answer", status: 500, code: "InternalError" },
  late,
  { kind: "delay", ms: 300 },
  { kind: "trickle", bytesPerSecond: 200_000 },
];
/** Where it is decided whose commit it is. */
const ofCommits: readonly Fault[] = [lostReply, ownWriteRefused, conflict, late, slowDown];

/** Workers on S3, which throttles, fails, cuts off, lies and dawdles in turn, and are killed. */
export const storeTrouble: Scenario = {
  name: "store-trouble",
  async run(chaos) {
    const { stop, ...access } = await startS3();
    const store = await openStoreLake(access);
    try {
      return await trouble(chaos, store, access);
    } finally {
      await store.proxy.stop();
      await stop();
    }
  },
};

async function trouble(chaos: Chaos, store: StoreLake, access: S3Access) {
  const { bootstrapServers } = await chaos.kafka();
  const setting = {
    bootstrapServers,
    partitions: PARTITIONS,
    lake: lakeOnStore(store, access),
    kafkaOptions: { "kafka.group.protocol": "consumer" },
    flow: { least: 1, perSecond: PER_SECOND },
  };
  const commits = counted(inTurn(ofCommits, SPACING, chaos.random));
  const requests = counted(inTurn(ofRequests, SPACING, chaos.random));
  const rule: Rule = (exchange) => (isCommit(exchange) ? commits : requests).rule(exchange);
  const figures = await ingest(chaos, setting, async (ingestion) => {
    const { crew, watch } = ingestion;
    crew.add();
    crew.add();
    await watch.moved();
    store.proxy.rules = [rule];
    const { kills, turns } = chaos.isShort ? { kills: 1, turns: 1 } : { kills: 6, turns: 3 };
    for (let killed = 0; ; killed += 1) {
      const commitsDue = commits.injected + turns * ofCommits.length;
      const requestsDue = requests.injected + turns * ofRequests.length;
      const isMet = () => commits.injected >= commitsDue && requests.injected >= requestsDue;
      await watch.until("each fault came again", isMet);
      if (killed === kills) break;
      await replace(chaos, ingestion);
      await watch.moved();
    }
    chaos.say("the store is well again");
    store.proxy.rules = [];
    await store.proxy.settled();
  });
  return { ...figures, faultsOfCommits: commits.injected, faults: store.proxy.injected() };
}

/** Somebody dies with whatever it has sent, and another comes. */
async function replace({ random, say }: Chaos, { crew }: Ingestion): Promise<void> {
  const victim = crew.alive[Math.floor(random() * crew.alive.length)];
  if (victim === undefined) throw new Error("nobody is left to kill");
  say(`kills ${victim.name}`);
  await crew.kill(victim);
  await sleep(random() * ABSENCE_MS);
  say(`${crew.add().name} joins`);
}

function isCommit(exchange: Exchange): boolean {
  return describes({ operation: "PutObject", key: logEntry }, exchange);
}

function counted(rule: Rule): { injected: number; rule: Rule } {
  const turns = {
    injected: 0,
    rule: (exchange: Exchange) => {
      const fault = rule(exchange);
      if (fault !== undefined) turns.injected += 1;
      return fault;
    },
  };
  return turns;
}
