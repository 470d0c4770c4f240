import type { Dialect } from "./database.js";

export type SqlValue = string | number | null;

/** A statement with its values apart from its text, so that no value is ever read as SQL. */
export class Sql {
  readonly #texts: readonly string[];
  readonly values: readonly SqlValue[];

  constructor(texts: readonly string[], values: readonly SqlValue[]) {
    this.#texts = texts;
    this.values = values;
  }

  /** Between every two texts stands a value. */
  text(dialect: Dialect): string {
    const place = (at: number) => (dialect === "postgres" ? `$${at}` : "?");
    return this.#texts.reduce((text, each, at) => `${text}${place(at)}${each}`);
  }

  get texts(): readonly string[] {
    return this.#texts;
  }
}

/** A value becomes a parameter; a piece of SQL becomes part of the statement. */
export function sql(
  strings: TemplateStringsArray,
  ...parts: readonly (SqlValue | Sql | undefined)[]
): Sql {
  const texts = [strings[0] ?? ""];
  const values: SqlValue[] = [];
  const append = (text: string) => texts.push(`${texts.pop() ?? ""}${text}`);
  for (const [at, part] of parts.entries()) {
    if (part instanceof Sql) {
      append(part.texts[0] ?? "");
      texts.push(...part.texts.slice(1));
      values.push(...part.values);
      append(strings[at + 1] ?? "");
    } else {
      values.push(part ?? null);
      texts.push(strings[at + 1] ?? "");
    }
  }
  return new Sql(texts, values);
}

const TRUE = sql`1 = 1`;

/** All of the conditions that there are. */
export function every(conditions: readonly (Sql | undefined)[]): Sql {
  const [first = TRUE, ...others] = conditions.filter((each) => each !== undefined);
  return others.reduce((all, each) => sql`${all} AND ${each}`, first);
}

/** `a, b, c`. */
export function listed(parts: readonly (SqlValue | Sql)[]): Sql {
  const [first, ...others] = parts.map((part) => (part instanceof Sql ? part : sql`${part}`));
  return others.reduce((all, each) => sql`${all}, ${each}`, first ?? sql`NULL`);
}
