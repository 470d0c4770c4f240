import { NO_TELEMETRY, type Telemetry } from "../telemetry.js";
import type { Database, Session, WrittenVerdict } from "./database.js";
import type { Sql } from "./sql.js";

/** The database, with everything that it does told to whoever measures. */
export function measured(database: Database, telemetry: Telemetry): Database {
  return telemetry === NO_TELEMETRY ? database : new MeasuredDatabase(database, telemetry);
}

type Measure = <T>(name: string, work: () => Promise<T>) => Promise<T>;

class MeasuredSession implements Session {
  readonly #session: Session;
  readonly #measure: Measure;

  constructor(session: Session, measure: Measure) {
    this.#session = session;
    this.#measure = measure;
  }

  all<Row>(query: Sql): Promise<Row[]> {
    return this.#measure(verbOf(query), () => this.#session.all<Row>(query));
  }

  one<Row>(query: Sql): Promise<Row | undefined> {
    return this.#measure(verbOf(query), () => this.#session.one<Row>(query));
  }

  run(query: Sql): Promise<void> {
    return this.#measure(verbOf(query), () => this.#session.run(query));
  }
}

class MeasuredTransaction extends MeasuredSession {
  readonly verdicts: WrittenVerdict[] = [];

  note(verdict: WrittenVerdict): void {
    this.verdicts.push(verdict);
  }
}

class MeasuredDatabase extends MeasuredSession implements Database {
  readonly #database: Database;
  readonly #telemetry: Telemetry;
  readonly #measure: Measure;

  constructor(database: Database, telemetry: Telemetry) {
    const { dialect } = database;
    const measure: Measure = (name, work) => telemetry.operation({ dialect, name }, work);
    super(database, measure);
    this.#database = database;
    this.#telemetry = telemetry;
    this.#measure = measure;
  }

  get dialect() {
    return this.#database.dialect;
  }

  get address() {
    return this.#database.address;
  }

  async write<T>(work: (session: Session) => Promise<T>): Promise<T> {
    // Of several tries the last one counts.
    let last: MeasuredTransaction | undefined;
    const result = await this.#measure("TRANSACTION", () =>
      this.#database.write((session) => {
        last = new MeasuredTransaction(session, this.#measure);
        return work(last);
      }),
    );
    for (const verdict of last?.verdicts ?? []) this.#telemetry.verdict(verdict);
    return result;
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

/** `SELECT`, `INSERT`, ...; a `WITH` of ours selects. */
function verbOf({ texts: [text = ""] }: Sql): string {
  const [verb = ""] = /\w+/.exec(text) ?? [];
  return verb === "WITH" ? "SELECT" : verb;
}
