import type { Scope } from "./endpoint.js";
import { HttpFault } from "./faults.js";
import type { Tokens } from "./tokens.js";

export interface GuardOptions {
  /** Absent where everybody may do everything, which is so on loopback only. */
  tokens?: Tokens;
  /** Names by which the service may be called; absent: any. */
  hosts?: readonly string[];
  /** Origins of pages that may call it, beside its own. */
  origins: readonly string[];
}

/** Whom a request is from: refused before anything of it is read. */
export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** The name of the token. */
  admit(request: Request, scope: Scope): string | undefined {
    // Probes of an orchestrator call by address.
    if (scope !== "open") this.#checkHost(request.headers.get("host") ?? "");
    this.#checkOrigin(request);
    return scope === "open" ? undefined : this.#checkToken(request, scope);
  }

  /** A page of another site can make a browser call a name that leads here (DNS rebinding). */
  #checkHost(host: string): void {
    const { hosts } = this.#options;
    if (hosts === undefined || hosts.includes(nameOf(host))) return;
    throw new HttpFault(421, "this service does not go by that name: see --allowed-host");
  }

  #checkOrigin(request: Request): void {
    const origin = request.headers.get("origin");
    if (origin === null || this.#options.origins.includes(origin)) return;
    const host = request.headers.get("host") ?? "";
    const isOwn = origin === `http://${host}` || origin === `https://${host}`;
    if (!isOwn) throw new HttpFault(403, "pages of that origin may not call this service");
  }

  #checkToken(request: Request, scope: "read" | "write"): string | undefined {
    const { tokens } = this.#options;
    if (tokens === undefined) return undefined;
    const [, token] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    const known = token === undefined ? undefined : tokens.find(token);
    if (known === undefined) {
      throw new HttpFault(401, "a bearer token is needed", {
        "www-authenticate": 'Bearer realm="headgate"',
      });
    }
    if (known.scopes.includes(scope)) return known.name;
    throw new HttpFault(403, `the token lacks the scope ${scope}`, {
      "www-authenticate": `Bearer realm="headgate", error="insufficient_scope", scope="${scope}"`,
    });
  }
}

function nameOf(host: string): string {
  return host.replace(/:\d+$/, "").toLowerCase();
}
