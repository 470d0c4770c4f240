import { toIssue } from "./config/issue.js";
import { nearest } from "./config/nearest.js";
import type { StreamingErrorCode } from "./error-codes.js";
import { StreamingValidationError } from "./errors.js";
import { type Locate, plainIssue } from "./failure.js";
import { nameOf } from "./intervention.js";
import type { SafeLogger } from "./logger.js";
import type { NativeFunctions } from "./native.js";

/** Functions that the engine calls, by the names that a contract or a configuration has of them. */
type Functions = Readonly<Record<string, unknown>>;

const TIMEOUT_MS = 10_000;

/** What the engine is told of functions; nothing where there are none. */
export function nativeFunctions(
  kind: string,
  functions: Functions | undefined,
  timeoutMs = TIMEOUT_MS,
): NativeFunctions | undefined {
  const names = functionNames(kind, functions);
  return names.length === 0 ? undefined : { names, timeoutMs };
}

/** Throws unless all are functions. */
export function functionNames(kind: string, functions: Functions = {}): string[] {
  const names = Object.keys(functions);
  const wrong = names.find((name) => typeof functions[name] !== "function");
  if (wrong === undefined) return names;
  const context = {
    operation: "start",
    component: "hooks",
    field: `${kind}.${wrong}`,
    expected: "a function",
    actual: typeof functions[wrong],
  };
  const issues = [{ ...context, code: "CONFIG_TYPE" as const }];
  const text = `"${wrong}" of ${kind} is no function`;
  throw new StreamingValidationError("CONFIG_TYPE", text, { context, issues });
}

/** An issue of the functions has no place in the configuration; what was meant is near, maybe. */
export function locateFunctions(locate: Locate = plainIssue): Locate {
  return (issue) => {
    const [top, ...path] = issue.path;
    if (top !== "hooks") return locate(issue);
    const known = issue.expected.replace(/^one of /, "").split(", ");
    const meant = nearest(issue.actual.slice(1, -1), known);
    const details = meant === undefined ? undefined : `did you mean "${meant}"?`;
    const finding = { ...issue, path, code: issue.code as StreamingErrorCode, details };
    return { ...toIssue(finding, undefined), operation: "start", component: "hooks" };
  };
}

/** What `call` answers to a signal that aborts at the deadline. */
async function untilDeadline<T>(
  timeoutMs: number = TIMEOUT_MS,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort(new DOMException(`no answer within ${timeoutMs} ms`, "TimeoutError"));
  }, timeoutMs);
  try {
    return await call(deadline.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** A call of a function by the engine. */
interface Asked {
  call: number;
  name: string;
}

/** How the calls of one kind of functions are answered. */
interface Answering<Call extends Asked, Answer> {
  /** `rule` or `transform`. */
  kind: string;
  /** What an answer is, to say that it came too late. */
  late: string;
  timeoutMs: number | undefined;
  next(): Promise<Call | null>;
  make(asked: Call, signal: AbortSignal): Promise<Answer>;
  /** False when nobody waits for it any more. */
  answer(call: number, answer?: Answer, failure?: string): boolean;
  /** What logs say of a call, besides its function. */
  about?(asked: Call): object;
}

/** Answers calls until there are no more. One function that waits holds up no other. */
export async function answerCalls<Call extends Asked, Answer>(
  answering: Answering<Call, Answer>,
  logger: SafeLogger,
): Promise<void> {
  for (;;) {
    const asked = await answering.next();
    if (asked === null) return;
    void answerCall(answering, asked, logger);
  }
}

async function answerCall<Call extends Asked, Answer>(
  answering: Answering<Call, Answer>,
  asked: Call,
  logger: SafeLogger,
): Promise<void> {
  const { kind, late, timeoutMs } = answering;
  const said = { ...answering.about?.(asked), function: asked.name };
  let answer: Answer | undefined;
  let failure: string | undefined;
  try {
    answer = await untilDeadline(timeoutMs, (signal) => answering.make(asked, signal));
  } catch (error) {
    logger.log("error", { ...said, error }, `the function of a ${kind} failed`);
    failure = reasonOf(error);
  }
  const isHeard = answering.answer(asked.call, answer, failure);
  if (!isHeard) logger.log("warn", said, `${late} came too late`);
}

/** Functions are often plain JavaScript: what they answer is looked at, not believed. */
export class UnusableAnswer extends TypeError {}

/** Never what the error says: that may be a value. */
function reasonOf(error: unknown): string {
  return error instanceof UnusableAnswer ? error.message : `it threw ${nameOf(error)}`;
}
