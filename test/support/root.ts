/** The clone: npm starts tests and benches there. */
export const root = process.cwd();
