import type { Answer } from "./http/endpoint.js";

/** What the service tells OpenTelemetry, if there is one. */
export interface Telemetry {
  /** A span and a duration around a request. */
  request(request: Request, route: string, work: () => Promise<Answer>): Promise<Answer>;
}

export const NO_TELEMETRY: Telemetry = { request: (_, __, work) => work() };
