/** Whether something a broker needs is there: what was found, or what is missing and how to get it. */
export type Probe = { found: true; what: string } | { found: false; problem: string };

export const found = (what: string): Probe => ({ found: true, what });

export const missing = (problem: string): Probe => ({ found: false, problem });
