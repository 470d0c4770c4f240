import { randomFrom } from "../support/random.ts";

/** A field that the row does not have. */
const absent = undefined;

/** A JSON value as it is to be written. */
function raw(text: string): string {
  return `raw:${text}`;
}

/** Makes the value of row `n`; `random` is the only chance in it. */
type Field = (n: number, random: () => number) => unknown;

/** `usual` values, and now and then one of the `odd` ones. */
function mostly(usual: Field, odd: readonly unknown[], share = 0.08): Field {
  return (n, random) => (random() < share ? one(odd, random) : usual(n, random));
}

function oneOf(values: readonly unknown[]): Field {
  return (_, random) => one(values, random);
}

function whole(low: number, high: number): Field {
  return (_, random) => low + Math.floor(random() * (high - low + 1));
}

function hundredths(low: number, high: number): Field {
  const cents = whole(low * 100, high * 100);
  return (n, random) => (cents(n, random) as number) / 100;
}

function one<Value>(values: readonly Value[], random: () => number): Value {
  return values[Math.floor(random() * values.length)] as Value;
}

/** Days and instants around the edges that the contract draws. */
const days = ["2023-12-31", "2024-01-01", "2024-06-30", "2024-12-31", "2025-01-01"];
const instants = days.flatMap((day) => [`${day}T00:00:00Z`, `${day}T23:59:59.999999Z`]);

const fields: Record<string, Field> = {
  order_id: mostly((n) => `O-${n}`, [null, absent, "O-1", "O-2", "", "o-1"]),
  email: mostly(
    (n) => `user${n}@example.org`,
    [null, absent, "", "a@b", "user1@example.org", "USER1@example.org", "nobody", "é@example.org"],
  ),
  code: mostly(oneOf(["AB-123", "XY-1", "QQ-99999"]), [
    null,
    absent,
    "",
    "A1",
    "AB-",
    "AB-1234567",
    "ab-123",
    "xAB-123",
    "AB-١٢",
    "AB-12\n",
    "ÅÄ-123",
    "AB-😀",
    "👩‍👩‍👧",
  ]),
  title: mostly(oneOf(["four", "café", "seven77"]), [
    "abc",
    "ab😀",
    "e\u0301e\u0301",
    "12345678",
    "1234567é",
    "日本語",
    "日本語字",
    null,
  ]),
  status: mostly(oneOf(["new", "paid", "sent"]), ["lost", "NEW", "new ", "", null, absent]),
  level: mostly(oneOf([1, 2, 3]), [0, 4, -1, null, absent]),
  country: mostly(oneOf(["DE", "FR", "SE"]), ["XX", "de", "", null, absent]),
  quantity: mostly(whole(1, 100), [0, 1, 100, 101, -1, null, absent, 2 ** 31]),
  price: mostly(hundredths(0, 500), [0, raw("-0.0"), 0.0001, -0.0001, 1e-300, null, absent]),
  discount: mostly(hundredths(0, 1), [1, 0.9999999999999999, 1.0000000000000002, 2, null, absent]),
  rate: mostly(hundredths(-1, 1), [0.1, 0.30000000000000004, 0.3, -0.1, null, absent]),
  amount: mostly(hundredths(0, 120), [0, -0.01, 0.01, 99.99, 100, 100.01, null, absent]),
  serial: mostly(whole(0, 1_000_000), [
    2 ** 53,
    raw("9223372036854775807"),
    raw("-9223372036854775808"),
    Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER - 1,
    Number.MIN_SAFE_INTEGER,
    null,
    absent,
  ]),
  is_gift: oneOf([true, true, true, false, null, absent]),
  due_on: mostly(oneOf(days), [null, absent]),
  placed_at: mostly(oneOf(instants), ["2025-01-01T00:00:00", null, absent]),
  tags: mostly(
    oneOf([["a"], ["a", "b"], ["a", "b", "c"]]),
    [[], ["a", "a"], ["a", "b", "c", "d"], ["a", "b", "c", "a"], null, absent],
    0.2,
  ),
  address: mostly(
    oneOf([{ city: "Bonn", zip: "53111" }, { city: "Lyon", zip: "69001" }, { city: "Kiel" }]),
    [{ city: null, zip: "1" }, { zip: "5311" }, { city: "Ulm", zip: null }, {}, null, absent],
    0.2,
  ),
  warehouse: mostly(oneOf(["north", "south", "west"]), [null, absent]),
  slot: mostly((n) => n, [1, 2, 3, null, absent]),
  phone: mostly((n) => `+49${n}`, [null, absent, "n/a", "-", "", "N/A"], 0.2),
  agent: mostly((n) => `agent ${n}`, [null, absent, "n/a", "-", ""], 0.2),
  channel: mostly(oneOf(["web", "shop"]), ["fax", "", null, absent]),
  voucher: mostly((n) => `V${n % 1900}`, [null, absent, "", "v1", "V12345"], 0.3),
  weight: mostly(hundredths(1, 40), [null, absent, 0, raw("-0.0"), raw("5.00")], 0.3),
  parcel: mostly((n) => n, [null, absent, 7, 8, 9], 0.3),
  shipped_at: mostly(
    oneOf(instants),
    ["2024-01-01T00:30:00+01:00", "2024-12-31T23:00:00-01:00", null, absent],
    0.2,
  ),
  fee: mostly(hundredths(0, 9), [10, 10.01, 10.004, 9.999, 100_000, null, absent], 0.2),
  remark: mostly(
    oneOf(["fine", "as agreed"]),
    ["two\u00a0words", "one\tword", "two\r\nlines", null],
    0.2,
  ),
  count_as_text: mostly(
    whole(1, 9),
    ["5", "many", 3.7, raw("4.0"), raw("3e0"), true, null, absent],
    0.2,
  ),
  text_as_number: mostly(oneOf(["one", "two"]), [12, 1.5, true, { a: 1 }, null, absent], 0.2),
};

/** JSON lines that break every rule of the contract somewhere, the same for the same seed. */
export function jsonLines(numRows: number, seed: number): string {
  const random = randomFrom(seed);
  const lines = Array.from({ length: numRows }, (_, n) => {
    const row = Object.entries(fields).map(([name, field]) => [name, field(n, random)]);
    return JSON.stringify(Object.fromEntries(row)).replaceAll(/"raw:([^"]*)"/g, "$1");
  });
  return `${lines.join("\n")}\n`;
}
