import { runTypeScript } from "../scripts/typescript.mjs";

await runTypeScript("benches/detection/main.ts");
