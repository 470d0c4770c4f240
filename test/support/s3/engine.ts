import { describe } from "vitest";

/** The engine does not open object stores yet; `describe` once it does. */
export const describeStore = describe.skip;
