import { runTypeScript } from "../../scripts/typescript.mjs";

await runTypeScript("test/chaos/main.ts");
