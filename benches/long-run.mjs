import { runTypeScript } from "../scripts/typescript.mjs";

await runTypeScript("benches/long-run/main.ts");
