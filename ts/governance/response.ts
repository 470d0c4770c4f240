import { isMapping } from "../contract/expectation.js";
import type { StreamingErrorCode } from "../error-codes.js";

/** What became of one try. */
export type Outcome =
  | { answer: unknown }
  | { code: StreamingErrorCode; said: string; mayPass: boolean; retryAfterMs?: number };

const MAX_SAID = 300;

/** Of a read, what the service does not have is answered as undefined. */
export async function readResponse(
  response: Response,
  { isRead, secret }: { isRead: boolean; secret: string | undefined },
): Promise<Outcome> {
  const { status, headers } = response;
  const text = await response.text();
  const body = parsed(text);
  if (response.ok) {
    if (text === "") return { answer: undefined };
    if (body !== undefined) return { answer: body.value ?? undefined };
    const said = `${status} with what is no JSON`;
    return { code: "GOVERNANCE_UNREADABLE", said, mayPass: false };
  }
  if (isRead && status === 404 && isAbsence(body?.value)) return { answer: undefined };
  const mayPass = status === 408 || status === 429 || status >= 500;
  const detail = leadOf(headers) ?? detailOf(body?.value, text);
  const said = withoutSecret(`${status}${detail}`, secret);
  return { code: codeOf(status, mayPass), said, mayPass, retryAfterMs: retryAfterMs(headers) };
}

function codeOf(status: number, mayPass: boolean): StreamingErrorCode {
  if (mayPass) return "GOVERNANCE_UNREACHABLE";
  return status === 409 ? "GOVERNANCE_CONFLICT" : "GOVERNANCE_REFUSED";
}

/** Said by the service; a router that knows no such path says `Not Found`, if anything. */
function isAbsence(body: unknown): boolean {
  return isMapping(body) && typeof body.detail === "string" && body.detail !== "Not Found";
}

/** A redirection is not followed: of a POST it would make a GET. */
function leadOf(headers: Headers): string | undefined {
  const location = headers.get("location");
  return location === null ? undefined : `: leads to ${location.slice(0, MAX_SAID)}`;
}

function detailOf(body: unknown, text: string): string {
  const detail = isMapping(body) && "detail" in body ? body.detail : text;
  const said = typeof detail === "string" ? detail : JSON.stringify(detail);
  const line = said.replace(/[\s\p{Cc}]+/gu, " ").trim();
  if (line === "") return "";
  return line.length > MAX_SAID ? `: ${line.slice(0, MAX_SAID)}…` : `: ${line}`;
}

function withoutSecret(text: string, secret: string | undefined): string {
  return secret === undefined ? text : text.replaceAll(secret, "***");
}

/** Seconds, or a date. */
function retryAfterMs(headers: Headers): number | undefined {
  const after = headers.get("retry-after");
  if (after === null) return undefined;
  const ms = /^\d+$/.test(after) ? Number(after) * 1_000 : Date.parse(after) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
