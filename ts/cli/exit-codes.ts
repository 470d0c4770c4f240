/** What the process ends with. A second signal ends it with 128 + the signal's number. */
export const EXIT = {
  ok: 0,
  /** A query failed, a table does not verify, totals do not balance, `contract check` or `test` found some, a scenario came out otherwise. */
  failed: 1,
  /** The command line, the configuration or a contract cannot be used. */
  unusable: 2,
} as const;

export const EXIT_HELP = `
Exit status:
  0    done; a stop by SIGINT or SIGTERM that drained in time is done, too
  1    a query failed, a table does not verify, a contract has errors, data breaks it, or a scenario
       came out otherwise
  2    the command line, the configuration or a contract cannot be used
  130  a second SIGINT (143: SIGTERM) ended the process at once`;
