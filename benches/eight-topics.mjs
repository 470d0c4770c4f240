import { runTypeScript } from "./typescript.mjs";

await runTypeScript("eight-topics/main.ts");
