export * from "./governance.js";
