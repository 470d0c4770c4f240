import { runTypeScript } from "../scripts/typescript.mjs";

await runTypeScript("benches/bad-rows/main.ts");
