import { codeOf, DocumentFolder } from "./document-folder.js";
import { DocumentStore, type Shelf } from "./document-store.js";
import { type ContractStore, inaccessible } from "./store.js";

/** Contracts in a folder of a local disk, `<folder>/<id>/<version>.json` or `.odcs.yaml`. */
export function folderStore(folder: string): ContractStore {
  return new DocumentStore(shelfIn(folder));
}

function shelfIn(place: string): Shelf {
  const documents = new DocumentFolder(place);
  const attempt = async <T>(operation: string, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      const actual = codeOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
      const mayPass = ["EIO", "ENOSPC", "EMFILE", "ENFILE", "ESTALE", "EBUSY"].includes(actual);
      throw inaccessible(place, operation, { actual, cause, mayPass });
    }
  };
  return {
    place,
    versions: (id) => attempt("list", documents.versions(id)),
    async read(id, version) {
      const found = await attempt("read", documents.read(id, version));
      return found && { text: found.text, place: found.file };
    },
    put: (id, version, text) => attempt("write", documents.put(id, version, text)),
  };
}
