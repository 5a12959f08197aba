import { eventually } from "wfe/test-support";
import type { Cluster } from "./cluster.ts";

/**
 * Does something to a cluster, and waits until every workflow that was open before has been moved by a commit since.
 *
 * @returns How long that took from the end of what was done, in milliseconds.
 */
export async function timeToComeBack(cluster: Cluster, act: () => Promise<unknown>, limitMs: number): Promise<number> {
  const open = new Map((await cluster.store.openWorkflows()).map(({ id, revision }) => [id, revision]));
  await act();
  const began = performance.now();
  const allHaveMoved = async (): Promise<boolean> => {
    const now = new Map((await cluster.store.openWorkflows()).map(({ id, revision }) => [id, revision]));
    for (const [id, revision] of open) if (now.get(id) !== revision) open.delete(id);
    return open.size === 0;
  };
  await eventually(allHaveMoved, { what: "a commit of every workflow that was open", timeout: limitMs, interval: 20 });
  return Math.round(performance.now() - began);
}
