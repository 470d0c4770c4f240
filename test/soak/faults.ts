import { setTimeout as sleep } from "node:timers/promises";
import type { Crew } from "../chaos/crew.ts";
import type { Worker } from "../chaos/worker.ts";
import type { KafkaBroker } from "../support/kafka/broker.ts";
import { type Outcome, openTransaction } from "../support/kafka/transactions.ts";
import { inTurn, internalError, lostReply, reset, slowDown } from "../support/s3/faults.ts";
import type { Checker } from "./checker.ts";
import type { Foreign } from "./foreign.ts";
import type { SoakLake } from "./lake.ts";
import type { Load } from "./load.ts";
import { between, type Random, shuffled } from "./random-choice.ts";

export interface Scene {
  random: Random;
  lake: SoakLake;
  foreign: Foreign;
  broker: KafkaBroker;
  topic: string;
  load: Load;
  checker: Checker;
  crew: Crew;
  /** The command of the build that workers run. */
  build: string;
  say(text: string): void;
}

/** Between two faults. */
const PAUSE_MS = { least: 500, most: 6_000 };
/** Below and above the time after which a silent worker is out of its group. */
const FREEZE_MS = { least: 500, most: 15_000 };
const ABSENCE_MS = 3_000;
const OUTAGE_MS = 4_000;
const TRANSACTION = { records: 400, parts: 3, pauseMs: 800 };
const TROUBLE_MS = { least: 4_000, most: 12_000 };
/** One of so many requests to the store fails. */
const STORE_FAULT_EVERY = 5;

/** What goes wrong, one thing after the other. The first worker is spared: its memory is watched. */
export class Faults {
  /** How often each kind came. */
  readonly counts: Record<string, number> = {};
  readonly #scene: Scene;
  readonly #kinds: Record<string, () => Promise<void>>;
  #isStopped = false;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#kinds = {
      kill: () => this.#kill(),
      freeze: () => this.#freeze(),
      replace: () => this.#replace(),
      brokerKilled: () => this.#restartBroker("SIGKILL"),
      brokerStopped: () => this.#restartBroker("SIGTERM"),
      aborted: () => this.#transaction("abort"),
      committed: () => this.#transaction("commit"),
      optimize: () => this.#optimize(),
      vacuum: () => this.#vacuum(),
      ...(scene.lake.proxy && { store: () => this.#troubleStore() }),
    };
  }

  /** By rounds: every kind comes in each, in an order of chance. */
  async run(): Promise<void> {
    const { random } = this.#scene;
    while (!this.#isStopped) {
      for (const name of shuffled(Object.keys(this.#kinds), random)) {
        if (this.#isStopped) return;
        this.counts[name] = (this.counts[name] ?? 0) + 1;
        await this.#kinds[name]?.();
        await this.#wait(PAUSE_MS);
      }
    }
  }

  /** The one that is under way is carried to its end. */
  stop(): void {
    this.#isStopped = true;
  }

  async #kill(): Promise<void> {
    const { crew, build, random } = this.#scene;
    const victim = this.#any();
    this.#say(`kills ${victim.name}`);
    await crew.kill(victim);
    await sleep(random() * ABSENCE_MS);
    this.#say(`${crew.add(build).name} joins`);
  }

  async #freeze(): Promise<void> {
    const { crew } = this.#scene;
    const sleeper = this.#any();
    this.#say(`freezes ${sleeper.name}`);
    crew.freeze(sleeper);
    await this.#wait(FREEZE_MS);
    this.#say(`thaws ${sleeper.name}`);
    crew.thaw(sleeper);
  }

  async #replace(): Promise<void> {
    const { crew, build } = this.#scene;
    const old = this.#any();
    this.#say(`${crew.add(build).name} replaces ${old.name}`);
    await crew.stop(old);
  }

  async #restartBroker(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    const { broker, random } = this.#scene;
    this.#say(`ends the broker by ${signal}`);
    await broker.end(signal);
    await sleep(random() * OUTAGE_MS);
    await broker.start();
    this.#say("the broker is back");
  }

  /** In parts, so that records of others lie between its own and wait for its end. */
  async #transaction(outcome: Outcome): Promise<void> {
    this.#say(`a transaction to ${outcome}`);
    // A broker that has just come back may not coordinate yet; what was begun ends by its time-out.
    await this.#transact(outcome).catch((error) => this.#say(`no transaction: ${error}`));
  }

  async #transact(outcome: Outcome): Promise<void> {
    const { broker, topic, load, random } = this.#scene;
    const transaction = await openTransaction(broker.bootstrapServers, topic, "soak");
    for (let part = 0; part < TRANSACTION.parts; part += 1) {
      await transaction.send(load.take(between(random, 1, TRANSACTION.records)));
      await sleep(random() * TRANSACTION.pauseMs);
    }
    await transaction.end(outcome);
  }

  async #optimize(): Promise<void> {
    const { foreign } = this.#scene;
    this.#say(
      `OPTIMIZE rewrote ${await this.#eachTable((table) => foreign.optimize(table))} files`,
    );
  }

  async #vacuum(): Promise<void> {
    const { foreign } = this.#scene;
    this.#say(`VACUUM deleted ${await this.#eachTable((table) => foreign.vacuum(table))} files`);
  }

  /** What is done to each table while nobody checks them; answers the sum. */
  #eachTable(work: (table: string) => Promise<number>): Promise<number> {
    const { checker, lake } = this.#scene;
    return checker.alone(async () => {
      let sum = 0;
      for (const table of Object.values(lake.tables)) sum += await work(table);
      return sum;
    });
  }

  async #troubleStore(): Promise<void> {
    const { lake, random } = this.#scene;
    if (lake.proxy === undefined) return;
    this.#say("the store is in trouble");
    const faults = shuffled([slowDown, internalError, reset, lostReply], random);
    lake.proxy.rules = [inTurn(faults, STORE_FAULT_EVERY, random)];
    await this.#wait(TROUBLE_MS);
    lake.proxy.rules = [];
  }

  #any(): Worker {
    const [, ...others] = this.#scene.crew.alive;
    const chosen = others[between(this.#scene.random, 0, others.length - 1)];
    if (chosen === undefined) throw new Error("nobody is left to strike");
    return chosen;
  }

  #wait({ least, most }: { least: number; most: number }): Promise<void> {
    return sleep(between(this.#scene.random, least, most));
  }

  #say(text: string): void {
    this.#scene.say(text);
  }
}
