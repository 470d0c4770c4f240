import { HttpFault } from "./faults.js";

const MAX_DEPTH = 64;
/** No database of ours holds it in a text, and no id or rule has a use for it. */
const NUL = String.fromCharCode(0);

/** The JSON of a request: not longer than `maxBytes`, not too deep, and without what no store can keep. */
export async function readJson(request: Request, maxBytes: number): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/([\w.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new HttpFault(415, "the body has to be application/json");
  }
  const text = await readText(request, maxBytes);
  if (text.trim() === "") throw new HttpFault(422, "the body is missing");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HttpFault(400, "the body is no JSON");
  }
  check(value, 0);
  return value;
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  const tooLarge = () => new HttpFault(413, `the body is larger than ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new HttpFault(400, "the body is not UTF-8");
  }
}

function check(value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new HttpFault(400, `the body is deeper than ${MAX_DEPTH} levels`);
  if (typeof value === "string") checkText(value);
  if (typeof value !== "object" || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    checkText(key);
    check(each, depth + 1);
  }
}

export function checkText(text: string): void {
  if (text.includes(NUL) || /\p{Surrogate}/u.test(text)) {
    throw new HttpFault(400, "texts must not hold U+0000 or halves of surrogate pairs");
  }
}
