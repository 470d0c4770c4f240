import type { StreamingErrorCode } from "./error-codes.js";
import type { Verdict } from "./verdict.js";

/** Where it happened, what was expected and what to do. Never a payload value or a secret. */
export type ErrorContext = Readonly<{
  operation: string;
  component: string;
  nodeName?: string;
  /** Path in the configuration, spelled as the user spells it: `input.unknown_fields`. */
  field?: string;
  expected?: string;
  actual?: string;
  /** What to do about it, or where exactly it is. */
  details?: string;
  position?: SourcePosition;
}>;

/** Line and column count from 1. */
export type SourcePosition = Readonly<{ file: string; line: number; column: number }>;

/** One thing wrong with a configuration. */
export type ConfigIssue = ErrorContext & Readonly<{ code: StreamingErrorCode }>;

export interface StreamingErrorOptions {
  context: ErrorContext;
  /** The same call may succeed later with nothing changed. Default: false. */
  retryable?: boolean;
  cause?: unknown;
}

type ErrorClass = abstract new (...args: never[]) => StreamingError;

// In the global registry, so that an error is known across two copies of this package.
const KINDS = Symbol.for("headgate.errorKinds");

/** Whatever Headgate throws. Recognise it with {@link StreamingError.is}, never `instanceof`. */
export class StreamingError extends Error {
  protected static readonly kind: string = "StreamingError";
  readonly code: StreamingErrorCode;
  readonly retryable: boolean;
  readonly context: ErrorContext;

  constructor(code: StreamingErrorCode, message: string, options: StreamingErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.context = options.context;
    const own = new.target;
    Object.defineProperty(this, "name", { value: own.kind, configurable: true });
    Object.defineProperty(this, KINDS, { value: kindsOf(own) });
  }

  /** True for errors of this class and its subclasses, whichever copy of the package made them. */
  static is<C extends ErrorClass>(
    this: C,
    value: unknown,
    code?: StreamingErrorCode,
  ): value is InstanceType<C> {
    if (typeof value !== "object" || value === null) return false;
    const kinds: unknown = Reflect.get(value, KINDS);
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this and ask for their own kind.
    if (!Array.isArray(kinds) || !kinds.includes(Reflect.get(this, "kind"))) return false;
    return code === undefined || Reflect.get(value, "code") === code;
  }

  /** This error, its context and its causes, each with its stack. */
  getFullTraceback(): string {
    const parts = [`[${this.code}] ${this.stack ?? `${this.name}: ${this.message}`}`];
    for (const [key, value] of Object.entries(this.context)) {
      if (value !== undefined) parts.push(`    ${key}: ${contextText(value)}`);
    }
    for (const cause of causesOf(this)) {
      parts.push(`Caused by: ${cause instanceof Error ? (cause.stack ?? cause.message) : cause}`);
    }
    return parts.join("\n");
  }

  toJSON(): Record<string, unknown> {
    const { name, code, message, retryable, context } = this;
    const causes = causesOf(this).map((cause) =>
      cause instanceof Error ? cause.message : `${cause}`,
    );
    return { name, code, message, retryable, context, causes };
  }
}

/** A configuration, contract or argument that cannot be used; found before any data moved. */
export class StreamingValidationError extends StreamingError {
  protected static override readonly kind: string = "StreamingValidationError";
  readonly issues: readonly ConfigIssue[];

  constructor(
    code: StreamingErrorCode,
    message: string,
    options: StreamingErrorOptions & { issues: readonly ConfigIssue[] },
  ) {
    super(code, message, options);
    this.issues = options.issues;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), issues: this.issues };
  }
}

/** No connector or decoder of that name. */
export class StreamingFormatNotSupportedError extends StreamingError {
  protected static override readonly kind: string = "StreamingFormatNotSupportedError";
}

/** A query that could not start, or failed while it ran. */
export class StreamingQueryError extends StreamingError {
  protected static override readonly kind: string = "StreamingQueryError";
}

/** A batch that its policy or an intervention blocked; `verdict` says why. */
export class StreamingInterventionError extends StreamingQueryError {
  protected static override readonly kind: string = "StreamingInterventionError";
  readonly verdict: Verdict;

  constructor(
    code: StreamingErrorCode,
    message: string,
    options: StreamingErrorOptions & { verdict: Verdict },
  ) {
    super(code, message, options);
    this.verdict = options.verdict;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), verdict: this.verdict };
  }
}

/** The causes of an error, nearest first. */
export function causesOf(error: Error): unknown[] {
  const causes: unknown[] = [];
  let cause = error.cause;
  while (cause !== undefined && cause !== null && !causes.includes(cause)) {
    causes.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function kindsOf(own: object): string[] {
  const kinds: string[] = [];
  for (let at = own; at !== Error; at = Object.getPrototypeOf(at)) {
    kinds.push(Reflect.get(at, "kind"));
  }
  return kinds;
}

function contextText(value: string | SourcePosition): string {
  return typeof value === "string" ? value : `${value.file}:${value.line}:${value.column}`;
}
