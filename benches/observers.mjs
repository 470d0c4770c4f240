import { runTypeScript } from "../scripts/typescript.mjs";

await runTypeScript("benches/observers/main.ts");
