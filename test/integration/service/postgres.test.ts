import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { httpGovernance } from "../../../ts/governance.ts";
import { serve } from "../../../ts/service/serve.ts";
import { MIGRATIONS, migrate } from "../../../ts/service/store/migrate.ts";
import { openDatabase } from "../../../ts/service/store/open.ts";
import { openPostgres } from "../../../ts/service/store/postgres.ts";
import { sql } from "../../../ts/service/store/sql.ts";
import { conformance } from "../../api/governance/support/conformance.ts";
import { historySuite } from "../../api/service/support/history.ts";
import { testService } from "../../api/service/support/service.ts";
import { type Cluster, startCluster } from "../../support/postgres/cluster.ts";

let cluster: Cluster;
let databases = 0;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const newDatabase = () => {
  databases += 1;
  return cluster.createDatabase(`service_${databases}`);
};

conformance("headgate serve on PostgreSQL", async () => {
  const running = await serve({ store: await newDatabase(), port: 0, log_level: "error" });
  return { service: httpGovernance({ baseUrl: running.url }), close: () => running.stop() };
});

historySuite("history on PostgreSQL", async () => testService({ store: await newDatabase() }));

describe("migrations", () => {
  test("services that start at once bring the database to one state", async () => {
    const url = await newDatabase();
    const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase(url)));
    const [database] = opened;
    const rows = await database?.all(sql`SELECT number, name FROM migrations ORDER BY number`);
    expect(rows).toEqual(MIGRATIONS.map(({ number, name }) => ({ number, name })));
    await Promise.all(opened.map((each) => each.close()));
  });

  test("one that fails leaves nothing of itself", async () => {
    const database = await openPostgres(await newDatabase());
    const broken = {
      number: MIGRATIONS.length + 1,
      name: "broken",
      statements: () => ["CREATE TABLE half (id INTEGER)", "CREATE TABLE half (id INTEGER)"],
    };
    await expect(migrate(database, [...MIGRATIONS, broken])).rejects.toMatchObject({
      code: "GOVERNANCE_STORE",
    });
    await migrate(database);
    expect(await database.all(sql`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }]);
    await database.close();
  });
});
