import { runTypeScript } from "./typescript.mjs";

await runTypeScript("end-to-end/main.ts");
