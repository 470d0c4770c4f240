import { type FileHandle, open } from "node:fs/promises";
import type { LineageTransport } from "./event.js";

/** One line of JSON an event, on standard output. */
export function consoleTransport(): LineageTransport {
  return {
    emit: (event) => void process.stdout.write(`${JSON.stringify(event)}\n`),
  };
}

/**
 * Appends one line of JSON an event, on the disk before the batch counts as told. Several processes
 * may append to the same file. A line that a crash or a full disk cut off stays a line of its own.
 */
export function fileTransport(path: string): LineageTransport {
  return {
    async emit(event) {
      const file = await open(path, "a+");
      try {
        const isWhole = await endsWithNewline(file);
        const line = Buffer.from(`${isWhole ? "" : "\n"}${JSON.stringify(event)}\n`);
        const { bytesWritten } = await file.write(line);
        if (bytesWritten < line.length) throw new Error(`${path}: the event was cut off`);
        await file.datasync();
      } finally {
        await file.close();
      }
    },
  };
}

async function endsWithNewline(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() === "\n";
}
