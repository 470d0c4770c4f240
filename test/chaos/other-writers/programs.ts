import { join } from "node:path";
import { sparkEnvironment, sparkFolder } from "../../../benches/end-to-end/spark.ts";
import { readers } from "../../support/readers/environment.ts";
import { root } from "../../support/root.ts";
import { OtherWriter, type Program } from "./other-writer.ts";

const folder = join(root, "test", "chaos", "other-writers");

/** The `deltalake` package for Python. */
export async function deltalake(table: string): Promise<Program> {
  return { interpreter: await readers(), args: [join(folder, "deltalake_writer.py"), table] };
}

/** Spark of the benches, with a heap of 1 GiB. */
export async function spark(table: string, scratch: string): Promise<Program> {
  const { interpreter, jars } = await sparkEnvironment();
  return {
    interpreter,
    args: [join(folder, "spark_writer.py"), table, jars, scratch],
    environment: { PYTHONPATH: sparkFolder },
  };
}

/**
 * Spark isolates a table as Serializable, where every append overtakes a deletion, unless the table
 * says otherwise. Spark heeds that, and cannot set it.
 */
export async function letDeletionsPass(table: string): Promise<void> {
  const writer = new OtherWriter(await deltalake(table));
  try {
    await writer.does("set_property", "delta.isolationLevel", "WriteSerializable");
  } finally {
    await writer.end();
  }
}
