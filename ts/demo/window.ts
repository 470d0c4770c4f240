/** What of a partition was produced and is not committed yet, so that a small broker keeps it. */
export class PartitionWindow {
  readonly #maxBytes: number;
  readonly #maxMessages: number;
  readonly #sent: { end: bigint; bytes: number; messages: number }[] = [];
  #bytes = 0;
  #messages = 0;
  #first: bigint | undefined;
  #end = 0n;
  #committed = 0n;

  constructor(maxBytes: number, maxMessages: number) {
    this.#maxBytes = maxBytes;
    this.#maxMessages = maxMessages;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes || this.#messages >= this.#maxMessages;
  }

  /** Offsets that this producer filled. */
  get produced(): bigint {
    return this.#first === undefined ? 0n : this.#end - this.#first;
  }

  get isCommitted(): boolean {
    return this.#committed >= this.#end;
  }

  /** Counts messages that are about to be sent. */
  reserve(bytes: number): void {
    this.#bytes += bytes;
    this.#messages += 1;
  }

  /** The broker has appended `messages` from `base` on. */
  sent(base: bigint, messages: number, bytes: number): void {
    this.#first ??= base;
    this.#end = base + BigInt(messages);
    this.#sent.push({ end: this.#end, bytes, messages });
    this.#release();
  }

  /** Everything below `end` is in a committed batch. */
  committed(end: bigint): void {
    if (end > this.#committed) this.#committed = end;
    this.#release();
  }

  #release(): void {
    for (
      let [oldest] = this.#sent;
      oldest && oldest.end <= this.#committed;
      [oldest] = this.#sent
    ) {
      this.#bytes -= oldest.bytes;
      this.#messages -= oldest.messages;
      this.#sent.shift();
    }
  }
}
