export type { ContractChange } from "./change.js";
export { inMemoryContracts } from "./memory.js";
export type { ContractUpdate } from "./node-contracts.js";
export { contractStore } from "./open.js";
export { type SelectedContract, selectContract } from "./select.js";
export type { ContractStore, StoredContract } from "./store.js";
