import { runTypeScript } from "../../scripts/typescript.mjs";

await runTypeScript("test/soak/main.ts");
