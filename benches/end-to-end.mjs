import { runTypeScript } from "../scripts/typescript.mjs";

await runTypeScript("benches/end-to-end/main.ts");
