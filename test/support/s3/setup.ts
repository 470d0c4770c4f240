import type { TestProject } from "vitest/node";
import { type S3Access, startS3 } from "./server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    s3: S3Access;
  }
}

/** One real S3 server for a whole run; every test takes a bucket of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...access } = await startS3();
  project.provide("s3", access);
  return stop;
}
