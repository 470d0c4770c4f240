import { describe } from "vitest";

/** Tests of object stores. */
export const describeStore = describe;
