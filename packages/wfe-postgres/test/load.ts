import type { Counters, PersistenceProvider } from "wfe-core";
import { instant, sampleChange, sampleExecutionError, sampleWorkflow } from "wfe-core/test-support";

/** Instances that are committed again and again. */
export interface Load {
  /** Commits that have come through so far. */
  readonly done: number;
  /** Resolves when all have; rejects with the first that has not. */
  readonly finished: Promise<void>;
}

/** Makes instances and commits each of them so often, one commit after the other, in turn by these providers. Each commit records an error, which shows what is applied twice. */
export async function startLoad(providers: readonly PersistenceProvider[], instances: number, commits: number): Promise<Load> {
  const providerOf = (turn: number): PersistenceProvider => providers[turn % providers.length] as PersistenceProvider;
  const ids = Array.from({ length: instances }, (_, index) => `w-${index}`);
  await Promise.all(ids.map((id, index) => providerOf(index).createNewWorkflow(sampleWorkflow(id), instant())));
  let done = 0;
  const finished = Promise.all(
    ids.map(async (id, index) => {
      let counters: Counters = { revision: 0, controlSeq: 0, inboxSeq: 0 };
      for (let turn = 1; turn <= commits; turn += 1) {
        const change = sampleChange(id, `c-${turn}`, { errors: [sampleExecutionError(id, { attempt: turn })] }, counters);
        const { revision } = await providerOf(index + turn).persistWorkflow(change, instant());
        counters = { ...counters, revision };
        done += 1;
      }
    }),
  ).then(() => {});
  finished.catch(() => {}); // whoever awaits it is told
  return {
    get done() {
      return done;
    },
    finished,
  };
}

/** Instances by their revision, and by the attempts that their errors record; of a load that was applied once, one line. */
export const APPLIED = (schema: string): string => `
  SELECT w.revision::int, e.attempts, count(*)::int AS instances FROM ${schema}.workflows w
  JOIN (SELECT workflow, array_agg(attempt::int ORDER BY row) AS attempts FROM ${schema}.errors GROUP BY workflow) e ON e.workflow = w.row
  GROUP BY 1, 2`;

/** What {@link APPLIED} gives for a load that was applied once. */
export function appliedOnce(instances: number, commits: number): readonly unknown[] {
  return [{ revision: commits, attempts: Array.from({ length: commits }, (_, index) => index + 1), instances }];
}
