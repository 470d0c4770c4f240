import { createHash, timingSafeEqual } from "node:crypto";

export type TokenScope = "read" | "write";

export interface TokenEntry {
  /** For logs. */
  name: string;
  scopes: readonly TokenScope[];
  /** SHA-256 of the token, hexadecimal. */
  sha256: string;
}

/** Tokens are kept as hashes only: memory and configuration hold nothing that opens the service. */
export class Tokens {
  readonly #entries: readonly (TokenEntry & { digest: Buffer })[];

  constructor(entries: readonly TokenEntry[]) {
    this.#entries = entries.map((entry) => ({
      ...entry,
      digest: Buffer.from(entry.sha256, "hex"),
    }));
  }

  /** Takes as long for a token that is nearly right. */
  find(token: string): TokenEntry | undefined {
    const digest = createHash("sha256").update(token).digest();
    return this.#entries.find((entry) => timingSafeEqual(entry.digest, digest));
  }
}

export function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
