import type * as binding from "../bindings/node/index.d.ts";
import { StreamingError } from "./errors.js";

export type * from "../bindings/node/index.d.ts";

/** What the addon exports and this package uses. */
export type NativeBinding = Omit<typeof binding, "NativeQuery" | "__napiBindingTarget">;

let loaded: NativeBinding | undefined;

/**
 * The addon, loaded on first use, so that `headgate --help` works where it does not. Throws
 * `NATIVE_UNAVAILABLE` when this platform has no build of it.
 */
export function native(): NativeBinding {
  loaded ??= load();
  return loaded;
}

function load(): NativeBinding {
  try {
    return require("../bindings/node/index.cjs") as NativeBinding;
  } catch (cause) {
    const platform = `${process.platform}-${process.arch}`;
    throw new StreamingError(
      "NATIVE_UNAVAILABLE",
      `the engine of headgate could not be loaded on ${platform}`,
      {
        context: {
          operation: "load",
          component: "native",
          expected: "the package headgate-linux-x64-gnu, or a build from source",
          actual: `${platform}, Node ${process.versions.node}`,
          details:
            "install without --omit=optional; in a clone of the repository run `npm run build:native`",
        },
        cause,
      },
    );
  }
}
