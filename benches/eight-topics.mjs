import { runTypeScript } from "../scripts/typescript.mjs";

await runTypeScript("benches/eight-topics/main.ts");
