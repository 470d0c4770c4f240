export {
  MemoryStream,
  type MemoryStreamOptions,
  type MemoryStreamRecord,
} from "./memory-stream.js";

import { unwrap } from "./failure.js";
import { type NativeEmbeddedBroker, native } from "./native.js";

export interface EmbeddedTopic {
  name: string;
  partitions: number;
}

/**
 * A Kafka-protocol broker in this process, for tests and demos: librdkafka's mock cluster. It
 * keeps about 5 MiB or 100,000 messages a partition and forgets the oldest beyond that.
 */
export class EmbeddedBroker {
  readonly #native: NativeEmbeddedBroker;

  private constructor(broker: NativeEmbeddedBroker) {
    this.#native = broker;
  }

  static start(topics: readonly EmbeddedTopic[]): EmbeddedBroker {
    const { NativeEmbeddedBroker } = native();
    return new EmbeddedBroker(unwrap(NativeEmbeddedBroker.start([...topics]), "broker"));
  }

  /** `host:port`, for `kafka.bootstrap.servers`. */
  get bootstrapServers(): string {
    return this.#native.bootstrapServers;
  }

  /** Its messages are gone with it. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
