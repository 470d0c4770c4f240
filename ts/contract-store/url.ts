import type { ContractAtUrl } from "../config/types.js";
import { StreamingError } from "../errors.js";
import { Pauses } from "../pauses.js";
import { inaccessible, type StoredContract, storeError } from "./store.js";

const TIMEOUT_MS = 10_000;
const MAX_TRIES = 4;
/** Far more than any contract has. */
const MAX_BYTES = 16 << 20;

/** The document at a URL, tried again while what fails may pass. */
export async function contractAt({ url, token }: ContractAtUrl): Promise<StoredContract> {
  const address = addressOf(url);
  const place = `${address.origin}${address.pathname}`;
  const pauses = new Pauses({ ref: true });
  for (let tries = 1; ; tries += 1) {
    try {
      return { text: await textAt(address, token, place), place };
    } catch (error) {
      if (!StreamingError.is(error) || !error.retryable || tries === MAX_TRIES) throw error;
      await pauses.next(undefined);
    }
  }
}

async function textAt(address: URL, token: string | undefined, place: string): Promise<string> {
  const fail = (actual: string, mayPass: boolean, cause?: unknown) =>
    inaccessible(place, "read", { actual, cause, mayPass });
  const headers = new Headers(token === undefined ? [] : [["authorization", `Bearer ${token}`]]);
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  let text: string;
  try {
    response = await fetch(address, { headers, signal });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw fail(signal.aborted ? `no answer within ${TIMEOUT_MS} ms` : said, true, error);
  }
  const { status } = response;
  if (status === 404 || status === 410) {
    throw storeError("CONTRACT_NOT_FOUND", `there is no contract at ${place}`, {
      operation: "read",
      expected: "an ODCS document",
      actual: `${status} at ${place}`,
    });
  }
  if (!response.ok) throw fail(String(status), status === 408 || status === 429 || status >= 500);
  if (text.length > MAX_BYTES) throw fail(`${text.length} characters`, false);
  return text;
}

function addressOf(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined;
  const isUsable = address !== undefined && /^https?:$/.test(address.protocol);
  if (isUsable && address.username === "" && address.password === "") return address;
  throw storeError("CONFIG_VALUE", "the contract's URL cannot be used", {
    operation: "read",
    field: "url",
    expected: "an http or https address without user and password",
    actual: isUsable ? "one with credentials" : (address?.protocol ?? "no address"),
  });
}
