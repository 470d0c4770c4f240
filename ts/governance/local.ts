import { defaultLogger, type Logger } from "../logger.js";
import type { GovernanceService } from "./clients.js";
import { DatasetLog } from "./dataset-log.js";
import { FileStore } from "./file-store.js";
import type { DatasetHistory } from "./history.js";
import { LocalContracts } from "./local-contracts.js";
import { LocalGovernance } from "./local-governance.js";
import { LocalProducts } from "./local-products.js";
import { LocalQuality } from "./local-quality.js";
import { MemoryStore } from "./memory-store.js";
import { PlanResolver } from "./plans.js";
import type { DocumentStore } from "./store.js";

/** Governance that is gone with the process: for tests and trials. */
export function inMemoryGovernance(): GovernanceService {
  const store = new MemoryStore();
  return localGovernance(store, new DatasetLog(store));
}

/**
 * Governance in a folder, which several processes may share. Verdicts are only ever added, one line
 * of a file per dataset each; versions of documents are never replaced. On a local disk.
 */
export function fileSystemGovernance(
  directory: string,
  options: {
    /** Told of damage that was passed over. Default: warnings on standard error. */
    logger?: Logger;
  } = {},
): GovernanceService {
  const store = new FileStore(directory, options.logger ?? defaultLogger);
  return localGovernance(store, new DatasetLog(store));
}

/** The four clients of a service that keeps documents in `store`, and what it is told in `history`. */
export function localGovernance(
  store: DocumentStore,
  history: DatasetHistory,
): LocalGovernanceService {
  const contracts = new LocalContracts(store, history);
  const dataProducts = new LocalProducts(store, "data-products");
  const dataQuality = new LocalQuality();
  const plans = new PlanResolver(contracts, dataProducts);
  const governance = new LocalGovernance(history, plans, dataQuality);
  return { contracts, dataProducts, dataQuality, governance };
}

export interface LocalGovernanceService extends GovernanceService {
  contracts: LocalContracts;
  dataProducts: LocalProducts;
  governance: LocalGovernance;
}
